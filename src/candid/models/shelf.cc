#include "candid/models/shelf.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "candid/base/files.h"
#include "candid/base/hash.h"
#include "candid/infer/session.h"
#include "candid/models/install.h"

namespace candid::models {
namespace {

constexpr std::uint64_t kMaxManifest = 1u << 20;
constexpr std::uint64_t kMaxName = 64;

Status CheckTerms(const Pack& pack, const Terms& terms) {
  if (terms.show) terms.show(pack);
  if (pack.commercial_use() || terms.accept_non_commercial) return {};
  const auto part = std::find_if(pack.parts.begin(), pack.parts.end(),
                                 [](const Part& one) { return !one.origin.commercial_use; });
  return Fail(Code::kDenied, fmt::format("{} of pack {} is not for commercial use (licence: {}); "
                                         "--accept-non-commercial says that yours is none",
                                         part->name, pack.name, part->origin.licence));
}

Status CheckOutput(const Part& part, const infer::Session& session) {
  const std::size_t size = session.output().size();
  if (part.role == Role::kEmbedder && size != static_cast<std::size_t>(part.output_size)) {
    return Fail(Code::kMalformed, fmt::format("{} gives {} figures where its manifest says {}",
                                              part.name, size, part.output_size));
  }
  if (part.role == Role::kScore && size != 2 && size != 3) {
    return Fail(
        Code::kMalformed,
        fmt::format("{} gives {} figures, want mean, deviation and perhaps age", part.name, size));
  }
  return {};
}

// That the network can be run with the sizes that the manifest states; `dimension` of the pack.
Status CheckRuns(const Part& part, int dimension, const Bytes& onnx) {
  CANDID_ASSIGN(const auto model, infer::Model::Load(onnx, part.name));
  if (model->inputs().size() != 1) {
    return Fail(Code::kUnsupported,
                fmt::format("{} has {} inputs, want one", part.name, model->inputs().size()));
  }
  infer::SessionOptions options;
  options.precision = infer::Precision::kF32;
  if (part.role != Role::kScore && part.role != Role::kAttributes) {
    options.input_shapes[model->inputs().front().name] = {1, 3, part.input.height,
                                                          part.input.width};
  }
  auto session = infer::Session::Create(model, options);
  if (!session) return Fail(session.error().WithContext(part.name));
  if (part.role == Role::kScore &&
      (*session)->input().size() < static_cast<std::size_t>(dimension)) {
    return Fail(Code::kMalformed, fmt::format("{} takes {} figures, the pack's templates have {}",
                                              part.name, (*session)->input().size(), dimension));
  }
  return CheckOutput(part, **session);
}

Result<std::vector<Pack>> ReadAll(const std::filesystem::path& folder, bool catalogue) {
  std::vector<Pack> packs;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    const auto manifest = catalogue ? entry.path() : entry.path() / "pack.toml";
    std::error_code ignored;
    if (manifest.extension() != ".toml" || !std::filesystem::is_regular_file(manifest, ignored)) {
      continue;
    }
    CANDID_ASSIGN(Pack pack, ReadManifest(manifest));
    packs.push_back(std::move(pack));
  }
  if (failure && failure != std::errc::no_such_file_or_directory) {
    return Fail(Code::kIo, fmt::format("cannot read {}: {}", folder.string(), failure.message()));
  }
  std::sort(packs.begin(), packs.end(),
            [](const Pack& a, const Pack& b) { return a.name < b.name; });
  return packs;
}

// A part of `part`'s files, at `from` until it is copied.
Status CopyPart(Part part, int dimension, const std::filesystem::path& from,
                const std::filesystem::path& matrix) {
  const std::filesystem::path to = part.file, matrix_to = part.matrix;
  part.file = from;
  CANDID_ASSIGN(const Bytes onnx, ReadPartFile(part));
  CANDID_TRY(CheckRuns(part, dimension, onnx));
  if (from != to) CANDID_TRY(WriteFileDurably(to, onnx));
  if (part.matrix.empty()) return {};
  part.matrix = matrix;
  CANDID_ASSIGN(const std::vector<float> values, ReadPartMatrix(part));
  if (matrix == matrix_to) return {};
  return WriteFileDurably(matrix_to, {reinterpret_cast<const std::uint8_t*>(values.data()),
                                      values.size() * sizeof(float)});
}

bool IsWhole(const std::filesystem::path& file, const std::string& sha256) {
  const auto found = Sha256HexOfFile(file);
  return found && *found == sha256;
}

// A path that a person gave: before all of it is read.
Status CheckModelFile(const std::filesystem::path& path) {
  std::error_code failure;
  const auto status = std::filesystem::status(path, failure);
  if (!std::filesystem::exists(status)) {
    return Fail(Code::kNotFound, fmt::format("{} is not there", path.string()));
  }
  if (!std::filesystem::is_regular_file(status)) {
    return Fail(
        Code::kInvalidArgument,
        fmt::format("{} is no file; want a manifest (.toml) or a model file", path.string()));
  }
  const std::uint64_t bytes = std::filesystem::file_size(path, failure);
  if (bytes <= kMaxModelBytes) return {};
  return Fail(Code::kTooLarge, fmt::format("{} has {} bytes, a model file at most {}",
                                           path.string(), bytes, kMaxModelBytes));
}

Status MakeFolder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (!failure) return {};
  return Fail(Code::kIo, fmt::format("cannot make {}: {}", folder.string(), failure.message()));
}

}  // namespace

Shelf::Shelf(std::filesystem::path folder, std::filesystem::path catalogue)
    : folder_(std::move(folder)), catalogue_(std::move(catalogue)) {}

Result<std::vector<Pack>> Shelf::Packs() const { return ReadAll(folder_, false); }

Result<std::vector<Pack>> Shelf::Catalogue() const { return ReadAll(catalogue_, true); }

Result<Pack> Shelf::Find(const std::string& name) const {
  // The pack's own folder and no other: damage elsewhere does not concern it.
  Result<Pack> pack = Fail(Code::kNotFound, "no name of a pack");
  if (IsPackName(name)) pack = ReadManifest(folder_ / name / "pack.toml");
  if (pack && pack->name != name) {
    return Fail(Code::kCorrupt, fmt::format("{} names the pack {}, in the folder of {}; move it",
                                            pack->manifest.string(), pack->name, name));
  }
  if (pack || pack.error().code() != Code::kNotFound) return pack;
  return Fail(Code::kNotFound,
              fmt::format("no pack '{}' in {}; `candid models list` shows what is there, `candid "
                          "models add` and `get` bring others",
                          name, folder_.string()));
}

Result<Pack> Shelf::Active() const {
  std::string name = kDefaultPack;
  const auto chosen = ReadFile(folder_ / "active", kMaxName);
  if (chosen) {
    // Written by hand it ends in a newline.
    name = AsText(*chosen).substr(0, AsText(*chosen).find_first_of(" \r\n\t"));
  } else if (chosen.error().code() != Code::kNotFound) {
    return Fail(chosen.error());
  }
  auto pack = Find(name);
  if (!pack && pack.error().code() == Code::kNotFound) {
    return Fail(
        Code::kUnavailable,
        fmt::format("the models of pack {} are not in {}; {}", name, folder_.string(),
                    name == kDefaultPack ? "./up installs them"
                                         : "add them again, or `candid models use` another"));
  }
  return pack;
}

Result<Pack> Shelf::Use(const std::string& name, const Terms& terms) const {
  CANDID_ASSIGN(Pack pack, Find(name));
  CANDID_TRY(CheckTerms(pack, terms));
  CANDID_TRY(Verify(pack));
  CANDID_TRY(WriteFileDurably(folder_ / "active", AsBytes(pack.name)));
  return pack;
}

Shelf::Files Shelf::Stock() const {
  Files files;
  const auto packs = Packs();
  if (!packs) return files;
  for (const Pack& pack : *packs) {
    for (const Part& part : pack.parts) {
      files[part.sha256] = part.file;
      if (!part.matrix.empty()) files[part.matrix_sha256] = part.matrix;
    }
  }
  return files;
}

Result<Pack> Shelf::Put(const std::filesystem::path& manifest, const Files& offered) const {
  CANDID_ASSIGN(const Bytes text, ReadFile(manifest, kMaxManifest));
  CANDID_ASSIGN(const Pack pack, ParseManifest(text, manifest));
  const std::filesystem::path target = folder_ / pack.name;
  const auto there = ReadManifest(target / "pack.toml");
  if (there && there->Hash() != pack.Hash()) {
    return Fail(Code::kAlreadyExists, fmt::format("another pack {} is in {}; give this one another "
                                                  "name in its manifest",
                                                  pack.name, target.string()));
  }
  CANDID_ASSIGN(Pack mine, ParseManifest(text, std::filesystem::absolute(target) / "pack.toml"));
  const Files stock = Stock();
  const auto find = [&](const std::filesystem::path& own, const std::string& sha256) {
    if (IsWhole(own, sha256)) return own;
    for (const Files* files : {&offered, &stock}) {
      const auto found = files->find(sha256);
      if (found != files->end() && IsWhole(found->second, sha256)) return found->second;
    }
    return std::filesystem::path();
  };
  const auto put_all = [&]() -> Status {
    for (const Part& part : mine.parts) {
      const auto from = find(part.file, part.sha256);
      const auto matrix = part.matrix.empty() ? from : find(part.matrix, part.matrix_sha256);
      if (from.empty() || matrix.empty()) {
        return Fail(
            Code::kNotFound,
            fmt::format("pack {} wants {} (source: {}); it is neither beside the manifest "
                        "nor in a pack on the shelf",
                        pack.name, (from.empty() ? part.file : part.matrix).filename().string(),
                        part.origin.source));
      }
      CANDID_TRY(MakeFolder(part.file.parent_path()));
      if (!part.matrix.empty()) CANDID_TRY(MakeFolder(part.matrix.parent_path()));
      CANDID_TRY(CopyPart(part, mine.dimension(), from, matrix));
    }
    if (!mine.calibration.empty()) {
      CANDID_ASSIGN(const Bytes table, ReadFile(pack.calibration, kMaxCalibrationBytes));
      CANDID_TRY(MakeFolder(mine.calibration.parent_path()));
      CANDID_TRY(WriteFileDurably(mine.calibration, table));
    }
    return WriteFileDurably(mine.manifest, text);
  };
  if (Status put = put_all(); !put) {
    std::error_code ignored;
    if (!there) std::filesystem::remove_all(target, ignored);
    return Fail(put.error());
  }
  return mine;
}

Result<Pack> Shelf::Add(const std::filesystem::path& path, const Terms& terms) const {
  if (path.extension() == ".toml") {
    CANDID_ASSIGN(const Pack pack, ReadManifest(path));
    CANDID_TRY(CheckTerms(pack, terms));
    Files beside;
    for (const Part& part : pack.parts) {
      beside[part.sha256] = part.file;
      if (!part.matrix.empty()) beside[part.matrix_sha256] = part.matrix;
    }
    return Put(path, beside);
  }
  CANDID_TRY(CheckModelFile(path));
  CANDID_ASSIGN(const std::string sha256, Sha256HexOfFile(path));
  CANDID_ASSIGN(const std::vector<Pack> catalogue, Catalogue());
  for (const Pack& pack : catalogue) {
    for (const Part& part : pack.parts) {
      if (part.sha256 != sha256) continue;
      CANDID_TRY(CheckTerms(pack, terms));
      return Put(pack.manifest, {{sha256, path}});
    }
  }
  return Fail(Code::kInvalidArgument,
              fmt::format("{} (sha256 {}) is in no manifest that we ship; write one "
                          "(docs/formats/pack.md) beside it and add that",
                          path.string(), sha256));
}

Result<Pack> Shelf::Get(const std::string& name, const Terms& terms, const FetchOptions& options,
                        const FetchProgress& progress) const {
  CANDID_ASSIGN(const std::vector<Pack> catalogue, Catalogue());
  const auto pack = std::find_if(catalogue.begin(), catalogue.end(),
                                 [&](const Pack& one) { return one.name == name; });
  if (pack == catalogue.end()) {
    return Fail(Code::kNotFound,
                fmt::format("no manifest names a pack {}; `candid models list` shows them", name));
  }
  CANDID_TRY(CheckTerms(*pack, terms));
  const Files stock = Stock();
  Files fetched;
  for (const Part& part : pack->parts) {
    const auto found = stock.find(part.sha256);
    if (found != stock.end() && IsWhole(found->second, part.sha256)) continue;
    if (part.origin.source.find("://") == std::string::npos) continue;
    const std::filesystem::path file = folder_ / "downloads" / part.sha256;
    CANDID_TRY(MakeFolder(file.parent_path()));
    CANDID_TRY(Fetch({part.origin.source, file, part.bytes, part.sha256}, options, progress));
    fetched[part.sha256] = file;
  }
  CANDID_ASSIGN(Pack put, Put(pack->manifest, fetched));
  std::error_code ignored;
  for (const auto& [sha256, file] : fetched) std::filesystem::remove(file, ignored);
  std::filesystem::remove(folder_ / "downloads", ignored);  // only where it is empty
  return put;
}

}  // namespace candid::models
