// For tests: small packs on disk, random networks with their manifest.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <random>
#include <string>

#include "candid/base/files.h"
#include "candid/base/hash.h"
#include "candid/models/onnx_writer.h"

namespace candid::models::testing {

// A random convolution to `outputs` channels, `activation`, the average of each channel.
inline Bytes SmallNetwork(int side, int outputs, unsigned seed,
                          const std::string& activation = "Relu") {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> weights(static_cast<std::size_t>(outputs) * 27);
  for (float& weight : weights) weight = uniform(random);
  OnnxWriter writer("small");
  writer.AddInput("in", {1, 3, side, side});
  writer.AddNode("Conv", {"in", writer.AddFloats("w", {outputs, 3, 3, 3}, weights)}, "conv");
  writer.AddNode(activation, {"conv"}, "act");
  writer.AddNode("GlobalAveragePool", {"act"}, "mean");
  writer.AddNode("Flatten", {"mean"}, "out");
  writer.AddOutput("out", {1, outputs});
  return writer.Serialise();
}

// The [[part]] of a file that lies in the manifest's folder.
inline std::string PartText(const std::string& role, const std::string& kind,
                            const std::string& file, ByteSpan onnx, int side,
                            const std::string& more = "") {
  return fmt::format(
      "[[part]]\nrole = \"{}\"\nname = \"{}\"\nkind = \"{}\"\nfile = \"{}\"\n"
      "sha256 = \"{}\"\nbytes = {}\nwidth = {}\nheight = {}\nmean = [127.5, 127.5, 127.5]\n"
      "scale = [0.0078125, 0.0078125, 0.0078125]\nsource = \"random\"\n"
      "licence = \"none needed\"\ntraining_data = \"none\"\n{}",
      role, role, kind, file, Sha256Hex(onnx), onnx.size(), side, side, more);
}

// Writes a detector and landmarks that run, and their parts' text with the head before it.
inline std::string PackHead(const std::filesystem::path& folder, const std::string& name) {
  std::filesystem::create_directories(folder);
  const Bytes detector = SmallNetwork(256, 2, 1), landmarks = SmallNetwork(16, 2, 2);
  (void)WriteFileDurably(folder / "detector.onnx", detector);
  (void)WriteFileDurably(folder / "landmarks.onnx", landmarks);
  return fmt::format("[pack]\nname = \"{}\"\nversion = \"1.0\"\n", name) +
         PartText("detector", "blazeface", "detector.onnx", detector, 256) +
         PartText("landmarks", "facemesh", "landmarks.onnx", landmarks, 16);
}

}  // namespace candid::models::testing
