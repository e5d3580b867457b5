#include "candid/api/input.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <map>

#include "candid/base/check.h"

namespace candid::api {
namespace json = boost::json;
namespace {

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxQuoted = 200;     // bytes of a caller's value repeated in a message
constexpr std::size_t kMaxViolations = 10;  // told in one message

tl::unexpected<Failure> Unserializable(std::string message) {
  return RefuseEarly("SerializationException", std::move(message));
}

std::string NumberText(double value) {
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return {digits, end};
}

std::string Quoted(std::string_view text) {
  if (text.size() <= kMaxQuoted) return std::string(text);
  std::size_t end = kMaxQuoted;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::size_t CharacterCount(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

// "Image" under "" is "image"; "Bytes" under "image" is "image.bytes".
std::string PathOf(std::string_view parent, std::string_view name) {
  std::string path(parent);
  if (!path.empty()) path.push_back('.');
  path.append(name);
  char& first = path[path.size() - name.size()];
  if (first >= 'A' && first <= 'Z') first = static_cast<char>(first - 'A' + 'a');
  return path;
}

std::string BoundText(std::string_view what, bool least, double bound) {
  return "Member must have " + std::string(what) + (least ? " greater" : " less") +
         " than or equal to " + NumberText(bound);
}

// The bounds of `constraint` that `size` breaks.
std::vector<std::string> BrokenBounds(const Constraint& constraint, std::string_view what,
                                      double size) {
  if (size < constraint.min) return {BoundText(what, true, constraint.min)};
  if (constraint.max >= constraint.min && size > constraint.max) {
    return {BoundText(what, false, constraint.max)};
  }
  return {};
}

std::vector<std::string> BrokenByText(const Constraint& constraint, std::string_view text) {
  if (!constraint.values.empty()) {
    std::string set;
    for (const std::string_view value : constraint.values) {
      if (value == text) return {};
      if (!set.empty()) set += ", ";
      set += value;
    }
    return {"Member must satisfy enum value set: [" + set + "]"};
  }
  auto broken = BrokenBounds(constraint, "length", static_cast<double>(CharacterCount(text)));
  if (constraint.pattern != nullptr && !constraint.pattern->matches(text)) {
    broken.push_back("Member must satisfy regular expression pattern: " +
                     std::string(constraint.pattern->text));
  }
  return broken;
}

std::string Joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string joined;
  for (const std::string& part : parts) {
    if (!joined.empty()) joined.append(separator);
    joined += part;
  }
  return joined;
}

}  // namespace

struct Input::State {
  json::object root;
  const OperationSchema* schema = nullptr;
  std::map<std::string, Bytes> blobs;  // by path
  std::vector<std::string> violations;
  std::size_t violation_count = 0;

  void Violate(std::string_view path, const std::string& value, const std::string& constraint) {
    ++violation_count;
    if (violations.size() >= kMaxViolations) return;
    violations.push_back("Value " + value + " at '" + std::string(path) +
                         "' failed to satisfy constraint: " + constraint);
  }

  Expected<void> Check(const json::value& value, const Constraint& constraint,
                       const std::string& path);
  Expected<void> CheckMembers(const json::object& object, std::span<const Member> members,
                              const std::string& path);
  Expected<void> CheckText(const json::value& value, const Constraint& constraint,
                           const std::string& path);
  Expected<void> CheckNumber(const json::value& value, const Constraint& constraint,
                             const std::string& path);
  Expected<void> CheckBlob(const json::value& value, const Constraint& constraint,
                           const std::string& path);
  Expected<void> CheckList(const json::value& value, const Constraint& constraint,
                           const std::string& path);
  Expected<void> CheckMap(const json::value& value, const Constraint& constraint,
                          const std::string& path);

  const Member& MemberOf(std::string_view name) const {
    for (const Member& member : schema->members) {
      if (member.name == name) return member;
    }
    CANDID_CHECK(false);
  }
  const json::value* Find(std::string_view name) const {
    const json::value* value = root.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }
};

Expected<void> Input::State::Check(const json::value& value, const Constraint& constraint,
                                   const std::string& path) {
  switch (constraint.type) {
    case Type::kString:
      return CheckText(value, constraint, path);
    case Type::kInteger:
    case Type::kFloat:
      return CheckNumber(value, constraint, path);
    case Type::kBlob:
      return CheckBlob(value, constraint, path);
    case Type::kList:
      return CheckList(value, constraint, path);
    case Type::kMap:
      return CheckMap(value, constraint, path);
    case Type::kObject:
      break;
  }
  if (!value.is_object()) return Unserializable("'" + path + "' must be an object");
  return CheckMembers(value.get_object(), constraint.members, path);
}

Expected<void> Input::State::CheckMembers(const json::object& object,
                                          std::span<const Member> members,
                                          const std::string& path) {
  for (const Member& member : members) {
    const std::string member_path = PathOf(path, member.name);
    const json::value* value = object.if_contains(member.name);
    if (value == nullptr || value->is_null()) {
      if (member.required) Violate(member_path, "null", "Member must not be null");
      continue;
    }
    if (auto checked = Check(*value, *member.constraint, member_path); !checked) return checked;
  }
  return {};
}

Expected<void> Input::State::CheckText(const json::value& value, const Constraint& constraint,
                                       const std::string& path) {
  if (!value.is_string()) return Unserializable("'" + path + "' must be a string");
  const std::string_view text = value.get_string();
  for (const std::string& broken : BrokenByText(constraint, text)) {
    Violate(path, fmt::format("'{}'", Quoted(text)), broken);
  }
  return {};
}

Expected<void> Input::State::CheckNumber(const json::value& value, const Constraint& constraint,
                                         const std::string& path) {
  if (!value.is_number()) return Unserializable("'" + path + "' must be a number");
  const auto number = value.to_number<double>();
  if (!std::isfinite(number)) return Unserializable("'" + path + "' is out of range");
  if (constraint.type == Type::kInteger && number != std::trunc(number)) {
    return Unserializable("'" + path + "' must be an integer");
  }
  for (const std::string& broken : BrokenBounds(constraint, "value", number)) {
    Violate(path, fmt::format("'{}'", NumberText(number)), broken);
  }
  return {};
}

Expected<void> Input::State::CheckBlob(const json::value& value, const Constraint& constraint,
                                       const std::string& path) {
  if (!value.is_string()) return Unserializable("'" + path + "' must be a base64 string");
  auto bytes = FromBase64(value.get_string());
  if (!bytes) return Unserializable("'" + path + "' is not base64: " + bytes.error().message());
  const std::string size = std::to_string(bytes->size());
  // The real service shows its own buffer here, and clients have seen this text.
  const std::string shown = "'java.nio.HeapByteBuffer[pos=0 lim=" + size + " cap=" + size + "]'";
  for (const std::string& broken :
       BrokenBounds(constraint, "length", static_cast<double>(bytes->size()))) {
    Violate(path, shown, broken);
  }
  blobs[path] = *std::move(bytes);
  return {};
}

Expected<void> Input::State::CheckList(const json::value& value, const Constraint& constraint,
                                       const std::string& path) {
  if (!value.is_array()) return Unserializable("'" + path + "' must be a list");
  const json::array& items = value.get_array();
  std::vector<std::string> texts;
  for (const json::value& item : items) {
    if (!item.is_string()) return Unserializable("'" + path + "' must be a list of strings");
    if (texts.size() < kMaxViolations) texts.push_back(Quoted(item.get_string()));
  }
  const std::string shown = "'[" + Joined(texts, ", ") + "]'";
  for (const std::string& broken :
       BrokenBounds(constraint, "length", static_cast<double>(items.size()))) {
    Violate(path, shown, broken);
  }
  for (const json::value& item : items) {
    const auto broken = BrokenByText(*constraint.item, item.get_string());
    if (broken.empty()) continue;
    Violate(path, shown, "Member must satisfy constraint: [" + Joined(broken, ", ") + "]");
    break;
  }
  return {};
}

Expected<void> Input::State::CheckMap(const json::value& value, const Constraint& constraint,
                                      const std::string& path) {
  if (!value.is_object()) return Unserializable("'" + path + "' must be a map");
  const json::object& entries = value.get_object();
  for (const std::string& broken :
       BrokenBounds(constraint, "length", static_cast<double>(entries.size()))) {
    Violate(path, fmt::format("'{} entries'", entries.size()), broken);
  }
  for (const auto& entry : entries) {
    if (!entry.value().is_string()) return Unserializable("'" + path + "' must map to strings");
    for (const std::string& broken : BrokenByText(*constraint.key, entry.key())) {
      Violate(path, fmt::format("'{}'", Quoted(entry.key())),
              "Map keys must satisfy constraint: [" + broken + "]");
    }
    for (const std::string& broken :
         BrokenByText(*constraint.item, std::string_view(entry.value().get_string()))) {
      Violate(path, fmt::format("'{}'", Quoted(entry.value().get_string())),
              "Map value must satisfy constraint: [" + broken + "]");
    }
  }
  return {};
}

Expected<Input> Input::Parse(std::string_view body, const OperationSchema& schema) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::error_code error;
  json::value value = json::parse(body, error, {}, options);
  if (error) return Unserializable("The request body is not JSON: " + error.message());
  if (!value.is_object()) return Unserializable("The request body must be a JSON object");
  auto state = std::make_unique<State>();
  state->root = std::move(value.get_object());
  state->schema = &schema;
  if (auto checked = state->CheckMembers(state->root, schema.members, ""); !checked) {
    return Refuse(checked.error());
  }
  if (const std::size_t count = state->violation_count; count > 0) {
    return RefuseEarly("ValidationException", std::to_string(count) + " validation error" +
                                                  (count > 1 ? "s" : "") +
                                                  " detected: " + Joined(state->violations, "; "));
  }
  return Input(std::move(state));
}

Input::Input(std::unique_ptr<State> state) : state_(std::move(state)) {}
Input::Input(Input&&) noexcept = default;
Input& Input::operator=(Input&&) noexcept = default;
Input::~Input() = default;

bool Input::Has(std::string_view name) const { return state_->Find(name) != nullptr; }

bool Input::Takes(std::string_view name) const {
  return std::ranges::any_of(state_->schema->members,
                             [&](const Member& member) { return member.name == name; });
}

std::string Input::Text(std::string_view name) const {
  const Member& member = state_->MemberOf(name);
  const json::value* value = state_->Find(name);
  return std::string(value == nullptr ? member.default_text
                                      : std::string_view(value->get_string()));
}

double Input::Number(std::string_view name) const {
  const Member& member = state_->MemberOf(name);
  const json::value* value = state_->Find(name);
  return value == nullptr ? member.default_number : value->to_number<double>();
}

std::vector<std::string> Input::Texts(std::string_view name) const {
  std::vector<std::string> texts;
  if (const json::value* value = state_->Find(name)) {
    for (const json::value& item : value->get_array()) {
      texts.emplace_back(std::string_view(item.get_string()));
    }
  }
  return texts;
}

std::vector<std::pair<std::string, std::string>> Input::Pairs(std::string_view name) const {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (const json::value* value = state_->Find(name)) {
    for (const auto& entry : value->get_object()) {
      pairs.emplace_back(std::string_view(entry.key()),
                         std::string_view(entry.value().get_string()));
    }
  }
  return pairs;
}

Expected<ImageInput> Input::Image(std::string_view name) const {
  const std::string path = PathOf("", name);
  const json::value* value = state_->Find(name);
  CANDID_CHECK(value != nullptr);
  const auto refuse = [&](const std::string& must) {
    return Refuse({.type = "InvalidParameterException",
                   .message = "Request has invalid parameters",
                   .reason = "'" + path + "' must " + must});
  };
  const json::value* object = value->get_object().if_contains("S3Object");
  const bool is_named = object != nullptr && !object->is_null();
  const auto blob = state_->blobs.find(path + ".bytes");
  if (is_named == (blob != state_->blobs.end())) return refuse("give either Bytes or S3Object");
  if (!is_named) return ImageInput{blob->second};
  const auto part = [&](std::string_view of) -> std::string {
    const json::value* text = object->get_object().if_contains(of);
    if (text == nullptr || text->is_null()) return {};
    return std::string(std::string_view(text->get_string()));
  };
  ImageInput image{{}, objects::ObjectName{part("Bucket"), part("Name"), part("Version")}};
  if (image.object->bucket.empty() || image.object->key.empty()) {
    return refuse("name Bucket and Name of its S3Object");
  }
  return image;
}

}  // namespace candid::api
