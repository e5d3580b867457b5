#include "candid/models/install.h"

#include <fmt/format.h>

#include <system_error>

#include "candid/base/files.h"
#include "candid/base/hash.h"
#include "candid/models/tfjs_to_onnx.h"

namespace candid::models {
namespace {

constexpr std::uint64_t kMaxManifest = 1u << 20;

// "npm PACKAGE VERSION, PATH[, remark]" as manifests write it: the graph's file below node_modules.
Result<std::filesystem::path> SourceFile(const Part& part) {
  const std::string& source = part.origin.source;
  const std::size_t version = source.find(' ', 4);
  const std::size_t comma = source.find(", ");
  if (!source.starts_with("npm ") || version == std::string::npos || comma == std::string::npos ||
      version > comma) {
    return Fail(Code::kUnsupported,
                fmt::format("{} does not come from an npm package (its source is '{}'); "
                            "put its file there by hand",
                            part.name, source));
  }
  const std::size_t end = source.find(", ", comma + 2);
  const std::string path =
      source.substr(comma + 2, end == std::string::npos ? end : end - comma - 2);
  return std::filesystem::path(source.substr(4, version - 4)) / path;
}

// What the parts of this name need beyond the plain conversion.
ConversionOptions OptionsOf(const Part& part) {
  ConversionOptions options;
  if (part.name == "mobilefacenet-64") options.embedding_rank = 64;
  return options;
}

Status InstallPart(const Part& part, const std::filesystem::path& node_modules,
                   const std::filesystem::path& target, const InstallProgress& progress) {
  if (const auto there = Sha256HexOfFile(target); there && *there == part.sha256) return {};
  if (progress) progress(part.name);
  CANDID_ASSIGN(const std::filesystem::path source, SourceFile(part));
  CANDID_ASSIGN(const TfjsGraph graph, ReadTfjsGraph(node_modules / source));
  CANDID_ASSIGN(const Bytes onnx, ConvertToOnnx(graph, part.name, OptionsOf(part)));
  const std::string sha256 = Sha256Hex(onnx);
  if (sha256 != part.sha256) {
    return Fail(Code::kCorrupt, fmt::format("{} converts to a file of sha256 {}, where the "
                                            "manifest states {}; reinstall the npm packages",
                                            source.string(), sha256, part.sha256));
  }
  return WriteFileDurably(target, onnx);
}

}  // namespace

Result<Pack> Install(const std::filesystem::path& manifest,
                     const std::filesystem::path& node_modules, const std::filesystem::path& folder,
                     const InstallProgress& progress) {
  CANDID_ASSIGN(const Pack pack, ReadManifest(manifest));
  CANDID_ASSIGN(const Bytes text, ReadFile(manifest, kMaxManifest));
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) {
    return Fail(Code::kIo, fmt::format("cannot make {}: {}", folder.string(), failure.message()));
  }
  for (const Part& part : pack.parts) {
    const std::filesystem::path target =
        folder / part.file.lexically_relative(pack.manifest.parent_path());
    CANDID_TRY(InstallPart(part, node_modules, target, progress));
  }
  if (!pack.calibration.empty()) {
    CANDID_ASSIGN(const Bytes table, ReadFile(pack.calibration, kMaxCalibrationBytes));
    CANDID_TRY(WriteFileDurably(
        folder / pack.calibration.lexically_relative(pack.manifest.parent_path()), table));
  }
  CANDID_TRY(WriteFileDurably(folder / "pack.toml", text));
  return ReadManifest(folder / "pack.toml");
}

Status Verify(const Pack& pack) {
  for (const Part& part : pack.parts) {
    CANDID_TRY(ReadPartFile(part));
    if (!part.matrix.empty()) CANDID_TRY(ReadPartMatrix(part));
  }
  return {};
}

}  // namespace candid::models
