// attribute_bench PACK.TOML LABELS.TSV FOLDER...: the figures that the attributes network sees of
// each labelled image, one line each on stdout: sha256, then numbers. tools/fit_attributes fits and
// measures by them; docs/attributes.md has the results.

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>

#include "candid/base/files.h"
#include "candid/base/hash.h"
#include "candid/face/align.h"
#include "candid/face/detect.h"
#include "candid/face/embed.h"
#include "candid/face/expression.h"
#include "candid/face/landmarks.h"
#include "candid/image/decode.h"

namespace candid {
namespace {

constexpr float kMinFace = 20;     // pixels
constexpr float kPresence = 0.5F;  // as the pipeline has it
constexpr std::uint64_t kMaxFile = 1 << 24;

struct Networks {
  face::Network detector, landmarks, embedder;
};

Result<face::Network> Load(const models::Part& part, const std::shared_ptr<infer::Arena>& arena) {
  CANDID_ASSIGN(const Bytes onnx, models::ReadPartFile(part));
  CANDID_ASSIGN(auto model, infer::Model::Load(onnx, part.name));
  return face::Network(std::move(model), part, infer::Precision::kF32, arena);
}

Result<Networks> LoadAll(const models::Pack& pack) {
  const auto arena = std::make_shared<infer::Arena>();
  CANDID_ASSIGN(auto detector, Load(pack.detector(), arena));
  CANDID_ASSIGN(auto landmarks, Load(pack.landmarks(), arena));
  CANDID_ASSIGN(auto embedder, Load(*pack.embedders().front(), arena));
  return Networks{std::move(detector), std::move(landmarks), std::move(embedder)};
}

// Of the face nearest to the picture's middle; empty: none.
Result<std::vector<float>> FiguresOf(Networks& networks, ByteSpan file) {
  CANDID_ASSIGN(const image::Source source, image::Source::Open(file));
  CANDID_ASSIGN(const image::Image picture, source.Decode(1));
  CANDID_ASSIGN(const auto detections,
                face::Detect(networks.detector, picture,
                             face::PlanDetection(picture.width, picture.height, kMinFace)));
  std::optional<face::Mesh> nearest;
  double least = 1e30;
  for (const face::Detection& detection : detections) {
    const face::Box& box = detection.box;
    const double away = std::hypot(box.left + (box.width - picture.width) / 2,
                                   box.top + (box.height - picture.height) / 2);
    if (away >= least) continue;
    CANDID_ASSIGN(face::Mesh mesh, face::FindLandmarks(networks.landmarks, picture, detection));
    if (!(mesh.presence > kPresence)) continue;
    least = away;
    nearest = std::move(mesh);
  }
  if (!nearest) return std::vector<float>{};
  const auto to_picture = face::ChipToPicture(face::LandmarksOf(nearest->points));
  const image::Image chip = image::Warp(picture, to_picture, face::kChipSize, face::kChipSize);
  CANDID_ASSIGN(const face::Sight sight,
                face::LookAt(networks.embedder, {chip, &picture, face::BoxOf(nearest->points)}));
  std::vector<float> figures = face::ExpressionOf(nearest->points);
  figures.insert(figures.end(), sight.vector.begin(), sight.vector.end());
  return figures;
}

// The first column, without the head.
Result<std::set<std::string>> ReadLabelled(const std::filesystem::path& table) {
  CANDID_ASSIGN(const Bytes text, ReadFile(table, kMaxFile));
  std::set<std::string> labelled;
  std::string_view rest = AsText(text);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    labelled.emplace(line.substr(0, line.find('\t')));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  return labelled;
}

Status Print(const std::filesystem::path& manifest, const std::filesystem::path& table,
             std::span<char*> folders) {
  CANDID_ASSIGN(const models::Pack pack, models::ReadManifest(manifest));
  CANDID_ASSIGN(Networks networks, LoadAll(pack));
  CANDID_ASSIGN(const auto labelled, ReadLabelled(table));
  for (const char* folder : folders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() != ".jpg") continue;
      CANDID_ASSIGN(const Bytes file, ReadFile(entry.path(), kMaxFile));
      const std::string sha256 = Sha256Hex(file);
      if (!labelled.contains(sha256)) continue;
      CANDID_ASSIGN(const auto figures, FiguresOf(networks, file));
      if (figures.empty()) continue;
      fmt::print("{}\t{:.6g}\n", sha256, fmt::join(figures, "\t"));
    }
  }
  return {};
}

}  // namespace
}  // namespace candid

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: attribute_bench PACK.TOML LABELS.TSV FOLDER...\n", stderr);
    return 2;
  }
  const auto printed = candid::Print(argv[1], argv[2], std::span(argv + 3, argv + argc));
  if (printed) return 0;
  fmt::print(stderr, "attribute_bench: {}\n", printed.error().message());
  return 1;
}
