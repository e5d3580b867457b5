#include "candid/models/pack.h"

#include <fmt/format.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "candid/base/check.h"
#include "candid/base/files.h"
#include "candid/base/hash.h"

namespace candid::models {
namespace {

constexpr std::uint64_t kMaxManifest = 1u << 20;
constexpr std::uint64_t kMaxModel = 2ull << 30;

// One table of the manifest; says which member is wrong.
class Reader {
 public:
  Reader(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  std::string Text(std::string_view name, const char* fallback = nullptr) const {
    const auto node = table_[name];
    if (!node) {
      if (fallback != nullptr) return fallback;
      throw std::invalid_argument(fmt::format("{}.{} is missing", where_, name));
    }
    const auto value = node.value_exact<std::string>();
    if (!value) throw std::invalid_argument(fmt::format("{}.{} is not text", where_, name));
    return *value;
  }

  double Number(std::string_view name, double fallback) const {
    const auto node = table_[name];
    if (!node) return fallback;
    const auto value = node.value<double>();
    if (!value || !std::isfinite(*value)) {
      throw std::invalid_argument(fmt::format("{}.{} is not a number", where_, name));
    }
    return *value;
  }

  int Size(std::string_view name, int least, int fallback) const {
    const double value = Number(name, fallback);
    if (value != std::floor(value) || value < least || value > 100'000) {
      throw std::invalid_argument(fmt::format("{}.{} is {}, want a whole number from {} to 100000",
                                              where_, name, value, least));
    }
    return static_cast<int>(value);
  }

  bool Flag(std::string_view name, bool fallback) const {
    const auto node = table_[name];
    if (!node) return fallback;
    const auto value = node.value_exact<bool>();
    if (!value)
      throw std::invalid_argument(fmt::format("{}.{} is not true or false", where_, name));
    return *value;
  }

  std::array<float, 3> Three(std::string_view name) const {
    std::array<float, 3> values{};
    const toml::array* list = table_[name].as_array();
    if (list == nullptr || list->size() != 3) {
      throw std::invalid_argument(fmt::format("{}.{} is not a list of 3 numbers", where_, name));
    }
    for (std::size_t i = 0; i < 3; ++i) {
      const auto value = (*list)[i].value<double>();
      if (!value || !std::isfinite(*value)) {
        throw std::invalid_argument(fmt::format("{}.{} is not a list of 3 numbers", where_, name));
      }
      values[i] = static_cast<float>(*value);
    }
    return values;
  }

 private:
  const toml::table& table_;
  std::string where_;
};

Role ParseRole(const std::string& name) {
  for (const Role role : {Role::kDetector, Role::kLandmarks, Role::kEmbedder}) {
    if (NameOf(role) == name) return role;
  }
  throw std::invalid_argument(
      fmt::format("part.role is '{}', want detector, landmarks or embedder", name));
}

std::string Sha(const Reader& reader, std::string_view name) {
  std::string sha = reader.Text(name);
  if (sha.size() != 64 || !FromHex(sha)) {
    throw std::invalid_argument(fmt::format("part.{} is not 64 hexadecimal digits", name));
  }
  std::transform(sha.begin(), sha.end(), sha.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  return sha;
}

// A file of the pack lies in the manifest's folder or below it.
std::filesystem::path Inside(const std::filesystem::path& folder, const std::string& name) {
  const std::filesystem::path relative = std::filesystem::path(name).lexically_normal();
  if (name.empty() || relative.is_absolute() || *relative.begin() == "..") {
    throw std::invalid_argument(
        fmt::format("part.file is '{}', want a path inside the manifest's folder", name));
  }
  return folder / relative;
}

Part ReadPart(const toml::table& table, const std::filesystem::path& folder) {
  const Reader reader(table, "part");
  Part part;
  part.role = ParseRole(reader.Text("role"));
  part.name = reader.Text("name");
  part.kind = reader.Text("kind");
  part.file = Inside(folder, reader.Text("file"));
  part.sha256 = Sha(reader, "sha256");
  part.bytes = static_cast<std::uint64_t>(std::max(reader.Number("bytes", 0), 0.0));
  part.input.width = reader.Size("width", 1, 0);
  part.input.height = reader.Size("height", 1, 0);
  part.input.bgr = reader.Text("order", "rgb") == "bgr";
  part.input.mean = reader.Three("mean");
  part.input.scale = reader.Three("scale");
  part.output_size = reader.Size("output_size", 0, 0);
  part.chip_scale = reader.Number("chip_scale", 1);
  part.flip = reader.Flag("flip", true);
  part.weight = reader.Number("weight", 1);
  if (table.contains("matrix")) {
    part.matrix = Inside(folder, reader.Text("matrix"));
    part.matrix_sha256 = Sha(reader, "matrix_sha256");
    part.matrix_rows = reader.Size("matrix_rows", 1, 0);
  }
  part.origin.source = reader.Text("source");
  part.origin.licence = reader.Text("licence");
  part.origin.training_data = reader.Text("training_data");
  part.origin.commercial_use = reader.Flag("commercial_use", true);
  if (part.role == Role::kEmbedder && (part.output_size < 1 || part.weight <= 0)) {
    throw std::invalid_argument("an embedder wants output_size and weight above 0");
  }
  return part;
}

Pack ReadPack(const toml::table& table, const std::filesystem::path& manifest) {
  const toml::table* head = table["pack"].as_table();
  const toml::array* parts = table["part"].as_array();
  if (head == nullptr) throw std::invalid_argument("the table [pack] is missing");
  if (parts == nullptr) throw std::invalid_argument("there is no [[part]]");
  const Reader reader(*head, "pack");
  Pack pack;
  pack.name = reader.Text("name");
  pack.title = reader.Text("title", "");
  pack.version = reader.Text("version");
  if (pack.version.empty() || pack.version.find_first_not_of("0123456789.") != std::string::npos) {
    throw std::invalid_argument(
        fmt::format("pack.version is '{}', want digits and dots", pack.version));
  }
  const std::filesystem::path folder = manifest.parent_path();
  pack.manifest = manifest;
  if (head->contains("calibration")) pack.calibration = Inside(folder, reader.Text("calibration"));
  for (const toml::node& node : *parts) {
    if (!node.is_table()) throw std::invalid_argument("a [[part]] that is no table");
    pack.parts.push_back(ReadPart(*node.as_table(), folder));
  }
  const auto count = [&](Role role) {
    return std::count_if(pack.parts.begin(), pack.parts.end(),
                         [&](const Part& part) { return part.role == role; });
  };
  if (count(Role::kDetector) != 1 || count(Role::kLandmarks) != 1 || count(Role::kEmbedder) < 1) {
    throw std::invalid_argument(
        "a pack wants one detector, one landmarks model and at least one embedder");
  }
  return pack;
}

const Part& PartOf(const Pack& pack, Role role) {
  const auto found = std::find_if(pack.parts.begin(), pack.parts.end(),
                                  [&](const Part& part) { return part.role == role; });
  CANDID_CHECK(found != pack.parts.end());
  return *found;
}

Result<Bytes> ReadChecked(const std::filesystem::path& file, const std::string& sha256) {
  auto contents = ReadFile(file, kMaxModel);
  if (!contents) {
    return Fail(
        contents.error().WithContext("a model file of the pack; `candid models install` "
                                     "or `candid models add` puts it there"));
  }
  const std::string found = Sha256Hex(*contents);
  if (found != sha256) {
    return Fail(Code::kCorrupt,
                fmt::format("{} is not the file that the manifest names: sha256 {} where {} is "
                            "expected; remove it and run `candid models install` again",
                            file.string(), found, sha256));
  }
  return contents;
}

}  // namespace

std::string_view NameOf(Role role) {
  switch (role) {
    case Role::kDetector:
      return "detector";
    case Role::kLandmarks:
      return "landmarks";
    case Role::kEmbedder:
      return "embedder";
  }
  return "";
}

const Part& Pack::detector() const { return PartOf(*this, Role::kDetector); }
const Part& Pack::landmarks() const { return PartOf(*this, Role::kLandmarks); }

std::vector<const Part*> Pack::embedders() const {
  std::vector<const Part*> found;
  for (const Part& part : parts) {
    if (part.role == Role::kEmbedder) found.push_back(&part);
  }
  return found;
}

std::string Pack::Hash() const {
  Sha256Stream stream;
  for (const Part& part : parts) {
    stream.Update(AsBytes(
        fmt::format("{}|{}|{}|{}x{}|{}|{},{},{}|{},{},{}|{}|{}|{}|{}|{}|{}\n", NameOf(part.role),
                    part.kind, part.sha256, part.input.width, part.input.height, part.input.bgr,
                    part.input.mean[0], part.input.mean[1], part.input.mean[2], part.input.scale[0],
                    part.input.scale[1], part.input.scale[2], part.output_size, part.chip_scale,
                    part.flip, part.weight, part.matrix_sha256, part.matrix_rows)));
  }
  return ToHex(stream.Finish());
}

int Pack::dimension() const {
  int sum = 0;
  for (const Part* part : embedders()) {
    sum += part->matrix.empty() ? part->output_size : part->matrix_rows;
  }
  return sum;
}

bool Pack::commercial_use() const {
  return std::all_of(parts.begin(), parts.end(),
                     [](const Part& part) { return part.origin.commercial_use; });
}

Result<Pack> ReadManifest(const std::filesystem::path& manifest) {
  CANDID_ASSIGN(const Bytes text, ReadFile(manifest, kMaxManifest));
  const toml::parse_result parsed = toml::parse(AsText(text));
  if (!parsed) {
    return Fail(Code::kMalformed,
                fmt::format("{}, line {}: {}", manifest.string(),
                            parsed.error().source().begin.line, parsed.error().description()));
  }
  try {
    return ReadPack(parsed.table(), std::filesystem::absolute(manifest));
  } catch (const std::exception& error) {
    return Fail(Code::kMalformed, fmt::format("{}: {}", manifest.string(), error.what()));
  }
}

Result<Bytes> ReadPartFile(const Part& part) { return ReadChecked(part.file, part.sha256); }

Result<std::vector<float>> ReadPartMatrix(const Part& part) {
  CANDID_ASSIGN(const Bytes bytes, ReadChecked(part.matrix, part.matrix_sha256));
  const std::size_t count =
      static_cast<std::size_t>(part.matrix_rows) * static_cast<std::size_t>(part.output_size);
  if (bytes.size() != count * sizeof(float)) {
    return Fail(Code::kCorrupt,
                fmt::format("{} has {} bytes, want {} x {} floats", part.matrix.string(),
                            bytes.size(), part.matrix_rows, part.output_size));
  }
  std::vector<float> values(count);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

}  // namespace candid::models
