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

bool IsWhole(const std::filesystem::path& file, const std::string& sha256) {
  const auto there = Sha256HexOfFile(file);
  return there && *there == sha256;
}

// A file that lies beside the manifest, to where its pack wants it.
Status CopyShipped(const std::filesystem::path& from, const std::string& sha256,
                   const std::filesystem::path& to) {
  CANDID_ASSIGN(const Bytes bytes, ReadFile(from, kMaxModelBytes));
  if (const std::string found = Sha256Hex(bytes); found != sha256) {
    return Fail(Code::kCorrupt,
                fmt::format("{} has sha256 {}, where the manifest states {}; get the file again",
                            from.string(), found, sha256));
  }
  std::error_code failure;
  std::filesystem::create_directories(to.parent_path(), failure);
  return WriteFileDurably(to, bytes);
}

Status InstallMatrix(const Part& part, const std::filesystem::path& target) {
  if (part.matrix.empty() || IsWhole(target, part.matrix_sha256)) return {};
  return CopyShipped(part.matrix, part.matrix_sha256, target);
}

Status InstallPart(const Part& part, const std::filesystem::path& node_modules,
                   const std::filesystem::path& target, const InstallProgress& progress) {
  if (IsWhole(target, part.sha256)) return {};
  if (progress) progress(part.name);
  if (part.origin.source.starts_with("shipped")) {
    return CopyShipped(part.file, part.sha256, target);
  }
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
  const auto target = [&](const std::filesystem::path& file) {
    return folder / file.lexically_relative(pack.manifest.parent_path());
  };
  for (const Part& part : pack.parts) {
    CANDID_TRY(InstallPart(part, node_modules, target(part.file), progress));
    CANDID_TRY(InstallMatrix(part, target(part.matrix)));
  }
  if (!pack.calibration.empty()) {
    CANDID_ASSIGN(const Bytes table, ReadFile(pack.calibration, kMaxCalibrationBytes));
    std::filesystem::create_directories(target(pack.calibration).parent_path(), failure);
    CANDID_TRY(WriteFileDurably(target(pack.calibration), table));
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
