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
constexpr std::size_t kMaxParts = 16;
constexpr std::size_t kMaxText = 1000;
constexpr int kMaxSide = 4096;
constexpr int kBlazeFaceSide = 256;
constexpr int kMaxVector = 8192;
constexpr int kMaxOutput = 63;

[[noreturn]] void Refuse(const std::string& message) { throw std::invalid_argument(message); }

bool IsControl(char c) { return static_cast<unsigned char>(c) < 32 || c == 127; }

// One table of the manifest; says which member is wrong.
class Reader {
 public:
  Reader(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  std::string Member(std::string_view name) const { return fmt::format("{}.{}", where_, name); }

  void AllowOnly(std::initializer_list<std::string_view> names) const {
    for (const auto& [key, node] : table_) {
      if (std::find(names.begin(), names.end(), key.str()) == names.end()) {
        Refuse(fmt::format("{} is no member of this format (docs/formats/pack.md lists them)",
                           Member(key.str())));
      }
    }
  }

  // What is shown to people: one line.
  std::string Text(std::string_view name, const char* fallback = nullptr) const {
    const auto node = table_[name];
    if (!node) {
      if (fallback != nullptr) return fallback;
      Refuse(fmt::format("{} is missing", Member(name)));
    }
    const auto value = node.value_exact<std::string>();
    if (!value) Refuse(fmt::format("{} is not text", Member(name)));
    if (value->empty() || value->size() > kMaxText ||
        std::any_of(value->begin(), value->end(), IsControl)) {
      Refuse(fmt::format("{} is not one line of 1 to {} bytes", Member(name), kMaxText));
    }
    return *value;
  }

  double Number(std::string_view name, double least, double most, double fallback) const {
    const auto node = table_[name];
    if (!node) return fallback;
    const auto value = node.value<double>();
    if (!value || !(*value >= least && *value <= most)) {
      Refuse(fmt::format("{} wants a number from {} to {}", Member(name), least, most));
    }
    return *value;
  }

  std::int64_t Whole(std::string_view name, std::int64_t most) const {
    const auto value = table_[name].value_exact<std::int64_t>();
    if (!value || *value < 1 || *value > most) {
      Refuse(fmt::format("{} wants a whole number from 1 to {}", Member(name), most));
    }
    return *value;
  }
  int Size(std::string_view name, int most) const { return static_cast<int>(Whole(name, most)); }

  bool Flag(std::string_view name, bool fallback) const {
    const auto node = table_[name];
    if (!node) return fallback;
    const auto value = node.value_exact<bool>();
    if (!value) Refuse(fmt::format("{} is not true or false", Member(name)));
    return *value;
  }

  std::array<float, 3> Three(std::string_view name) const {
    std::array<float, 3> values{};
    const toml::array* list = table_[name].as_array();
    const auto wrong = [&] { Refuse(fmt::format("{} wants 3 numbers up to 1e6", Member(name))); };
    if (list == nullptr || list->size() != 3) wrong();
    for (std::size_t i = 0; i < 3; ++i) {
      const auto value = (*list)[i].value<double>();
      if (!value || !(std::abs(*value) <= 1e6)) wrong();
      values[i] = static_cast<float>(*value);
    }
    return values;
  }

  bool Has(std::string_view name) const { return table_.contains(name); }

  // A lower-case SHA-256.
  std::string Sha(std::string_view name) const {
    std::string sha = Text(name);
    if (sha.size() != 64 || !FromHex(sha)) {
      Refuse(fmt::format("{} is not 64 hexadecimal digits", Member(name)));
    }
    std::transform(sha.begin(), sha.end(), sha.begin(),
                   [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
    return sha;
  }

  // A file of the pack lies in the manifest's folder or below it.
  std::filesystem::path Inside(const std::filesystem::path& folder, std::string_view name) const {
    const std::string text = Text(name);
    const std::filesystem::path relative = std::filesystem::path(text).lexically_normal();
    if (relative.is_absolute() || *relative.begin() == ".." || !relative.has_filename() ||
        relative == "." || relative == "pack.toml") {
      Refuse(
          fmt::format("{} is '{}', want a file inside the manifest's folder", Member(name), text));
    }
    return folder / relative;
  }

 private:
  const toml::table& table_;
  std::string where_;
};

Role ParseRole(const Reader& reader) {
  const std::string name = reader.Text("role");
  for (const Role role :
       {Role::kDetector, Role::kLandmarks, Role::kEmbedder, Role::kScore, Role::kAttributes}) {
    if (NameOf(role) == name) return role;
  }
  Refuse(fmt::format("{} is '{}', want detector, landmarks, embedder, score or attributes",
                     reader.Member("role"), name));
}

std::string ParseKind(const Reader& reader, Role role) {
  const std::string kind = reader.Text("kind");
  const bool known = role == Role::kDetector     ? kind == "blazeface"
                     : role == Role::kLandmarks  ? kind == "facemesh"
                     : role == Role::kScore      ? kind == "figures"
                     : role == Role::kAttributes ? kind == "traits"
                                                 : kind == "arcface" || kind == "face-box";
  if (!known) {
    Refuse(
        fmt::format("{} is '{}', want blazeface (detector), facemesh (landmarks), arcface or "
                    "face-box (embedder), figures (score), traits (attributes)",
                    reader.Member("kind"), kind));
  }
  return kind;
}

void CheckSides(const Reader& reader, const Part& part) {
  if (part.input.width != part.input.height) {
    Refuse(fmt::format("{} is {} and {} is {}: every kind takes a square", reader.Member("width"),
                       part.input.width, reader.Member("height"), part.input.height));
  }
  // Its first look; the second is as large as the photo wants.
  if (part.kind == "blazeface" && part.input.width != kBlazeFaceSide) {
    Refuse(fmt::format("{} is {}, blazeface wants {}", reader.Member("width"), part.input.width,
                       kBlazeFaceSide));
  }
}

bool ParseBgr(const Reader& reader) {
  const std::string order = reader.Text("order", "rgb");
  if (order != "rgb" && order != "bgr") {
    Refuse(fmt::format("{} is '{}', want rgb or bgr", reader.Member("order"), order));
  }
  return order == "bgr";
}

void ReadEmbedder(const Reader& reader, const std::filesystem::path& folder, Part* part) {
  part->output_size = reader.Size("output_size", kMaxVector);
  part->chip_scale = reader.Number("chip_scale", 0.1, 10, 1);
  part->flip = reader.Flag("flip", true);
  part->weight = reader.Number("weight", 1e-3, 1e3, 1);
  if (reader.Has("age_output")) {
    part->age_output = static_cast<int>(reader.Number("age_output", 0, kMaxOutput, 0));
  }
  if (!reader.Has("matrix")) return;
  part->matrix = reader.Inside(folder, "matrix");
  part->matrix_sha256 = reader.Sha("matrix_sha256");
  part->matrix_rows = reader.Size("matrix_rows", part->output_size);
}

void ReadInput(const Reader& reader, Part* part) {
  part->input.width = reader.Size("width", kMaxSide);
  part->input.height = reader.Size("height", kMaxSide);
  CheckSides(reader, *part);
  part->input.bgr = ParseBgr(reader);
  part->input.mean = reader.Three("mean");
  part->input.scale = reader.Three("scale");
}

// A part that takes figures and no picture.
bool TakesFigures(Role role) { return role == Role::kScore || role == Role::kAttributes; }

Part ReadPart(const toml::table& table, const std::filesystem::path& folder, std::size_t index) {
  const Reader reader(table, fmt::format("part {}", index));
  Part part;
  part.role = ParseRole(reader);
  if (part.role == Role::kEmbedder) {
    reader.AllowOnly(
        {"role",    "name",          "kind",           "file",        "sha256",     "bytes",
         "width",   "height",        "order",          "mean",        "scale",      "source",
         "licence", "training_data", "commercial_use", "output_size", "chip_scale", "flip",
         "weight",  "matrix",        "matrix_sha256",  "matrix_rows", "age_output"});
    ReadEmbedder(reader, folder, &part);
  } else if (TakesFigures(part.role)) {
    reader.AllowOnly({"role", "name", "kind", "file", "sha256", "bytes", "source", "licence",
                      "training_data", "commercial_use"});
  } else {
    reader.AllowOnly({"role", "name", "kind", "file", "sha256", "bytes", "width", "height", "order",
                      "mean", "scale", "source", "licence", "training_data", "commercial_use"});
  }
  part.name = reader.Text("name");
  part.kind = ParseKind(reader, part.role);
  part.file = reader.Inside(folder, "file");
  part.sha256 = reader.Sha("sha256");
  part.bytes = static_cast<std::uint64_t>(reader.Whole("bytes", kMaxModelBytes));
  if (!TakesFigures(part.role)) ReadInput(reader, &part);
  part.origin.source = reader.Text("source");
  part.origin.licence = reader.Text("licence");
  part.origin.training_data = reader.Text("training_data");
  part.origin.commercial_use = reader.Flag("commercial_use", true);
  return part;
}

void CheckPackName(const std::string& name) {
  if (!IsPackName(name)) {
    Refuse(
        fmt::format("pack.name is '{}', want at most 64 lower-case letters, digits, '.' and "
                    "'-', the first no '.'",
                    name));
  }
}

Pack ReadPack(const toml::table& table, const std::filesystem::path& manifest) {
  const toml::table* head = table["pack"].as_table();
  const toml::array* parts = table["part"].as_array();
  Reader(table, "manifest").AllowOnly({"pack", "part"});
  if (head == nullptr) Refuse("the table [pack] is missing");
  if (parts == nullptr) Refuse("there is no [[part]]");
  if (parts->size() > kMaxParts) {
    Refuse(fmt::format("there are {} [[part]], want at most {}", parts->size(), kMaxParts));
  }
  const Reader reader(*head, "pack");
  reader.AllowOnly({"name", "title", "version", "calibration"});
  Pack pack;
  pack.name = reader.Text("name");
  CheckPackName(pack.name);
  pack.title = reader.Text("title", "");
  pack.version = reader.Text("version");
  if (pack.version.size() > 32 ||
      pack.version.find_first_not_of("0123456789.") != std::string::npos) {
    Refuse(fmt::format("pack.version is '{}', want at most 32 digits and dots", pack.version));
  }
  const std::filesystem::path folder = manifest.parent_path();
  pack.manifest = manifest;
  if (reader.Has("calibration")) pack.calibration = reader.Inside(folder, "calibration");
  for (const toml::node& node : *parts) {
    if (!node.is_table()) Refuse("a [[part]] that is no table");
    pack.parts.push_back(ReadPart(*node.as_table(), folder, pack.parts.size() + 1));
  }
  const auto count = [&](Role role) {
    return std::count_if(pack.parts.begin(), pack.parts.end(),
                         [&](const Part& part) { return part.role == role; });
  };
  if (count(Role::kDetector) != 1 || count(Role::kLandmarks) != 1 || count(Role::kEmbedder) < 1 ||
      count(Role::kScore) > 1 || count(Role::kAttributes) > 1) {
    Refuse(
        "a pack wants one detector, one landmarks model, at least one embedder, at most one score "
        "and at most one attributes");
  }
  return pack;
}

// Null where the pack has none.
const Part* Find(const Pack& pack, Role role) {
  const auto found = std::find_if(pack.parts.begin(), pack.parts.end(),
                                  [&](const Part& part) { return part.role == role; });
  return found == pack.parts.end() ? nullptr : &*found;
}

const Part& PartOf(const Pack& pack, Role role) {
  const Part* found = Find(pack, role);
  CANDID_CHECK(found != nullptr);
  return *found;
}

constexpr const char* kRemedy =
    "./up mends the default pack, `candid models add` another; `candid models verify` checks all";

Result<Bytes> ReadChecked(const std::filesystem::path& file, std::uint64_t bytes,
                          const std::string& sha256) {
  auto contents = ReadFile(file, kMaxModelBytes);
  if (!contents && contents.error().code() == Code::kNotFound) {
    return Fail(Code::kCorrupt, fmt::format("the model file {} (sha256 {}) is missing; {}",
                                            file.string(), sha256, kRemedy));
  }
  if (!contents) return contents;
  const std::string found = Sha256Hex(*contents);
  if (found != sha256 || contents->size() != bytes) {
    return Fail(Code::kCorrupt,
                fmt::format("the model file {} is not the one that the manifest names: found {} "
                            "bytes of sha256 {}, expected {} bytes of sha256 {}; {}",
                            file.string(), contents->size(), found, bytes, sha256, kRemedy));
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
    case Role::kScore:
      return "score";
    case Role::kAttributes:
      return "attributes";
  }
  return "";
}

bool IsPackName(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), fits);
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

const Part* Pack::score() const { return Find(*this, Role::kScore); }
const Part* Pack::attributes() const { return Find(*this, Role::kAttributes); }

std::string Pack::Hash(int template_revision) const {
  Sha256Stream stream;
  stream.Update(AsBytes(fmt::format("template revision {}\n", template_revision)));
  for (const Part& part : parts) {
    if (part.role == Role::kAttributes) continue;
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
  return ParseManifest(text, manifest);
}

Result<Pack> ParseManifest(ByteSpan text, const std::filesystem::path& manifest) {
  // toml++ 3.3 runs into undefined behaviour at some letters outside ASCII (found by fuzzing:
  // U+FEFD as the first of a file); TOML writes them as \uXXXX in texts.
  const auto foreign = std::find_if(text.begin(), text.end(), [](auto byte) { return byte > 127; });
  if (foreign != text.end()) {
    return Fail(Code::kMalformed,
                fmt::format("{}, line {}: a manifest is ASCII; texts may hold \\uXXXX",
                            manifest.string(), 1 + std::count(text.begin(), foreign, '\n')));
  }
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

Result<Bytes> ReadPartFile(const Part& part) {
  return ReadChecked(part.file, part.bytes, part.sha256);
}

Result<std::vector<float>> ReadPartMatrix(const Part& part) {
  const std::size_t count =
      static_cast<std::size_t>(part.matrix_rows) * static_cast<std::size_t>(part.output_size);
  CANDID_ASSIGN(const Bytes bytes,
                ReadChecked(part.matrix, count * sizeof(float), part.matrix_sha256));
  std::vector<float> values(count);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

}  // namespace candid::models
