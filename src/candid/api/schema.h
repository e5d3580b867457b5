// What the wire's requests may look like, as data: members, types, ranges, patterns, defaults.
// One table per operation drives parsing, checking and the words of every refusal.
// Source: the service model, API version 2016-06-27.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace candid::api {

enum class Type { kString, kInteger, kFloat, kBlob, kList, kMap, kObject };

// A closed pattern with the text that refusals quote. No regular-expression engine: its time and
// stack would be the caller's to choose.
struct Pattern {
  std::string_view text;
  bool (*matches)(std::string_view value);
};

struct Member;

struct Constraint {
  Type type = Type::kString;
  // Of a string's characters, a blob's bytes, a list's items, a map's entries or a number's value.
  double min = 0;
  double max = 0;  // no upper limit where max < min
  const Pattern* pattern = nullptr;
  std::span<const std::string_view> values = {};  // an enumeration's, empty where it is none
  const Constraint* item = nullptr;               // of lists; of maps the value
  const Constraint* key = nullptr;                // of maps
  std::span<const Member> members = {};           // of objects
};

struct Member {
  std::string_view name;
  const Constraint* constraint = nullptr;
  bool required = false;
  double default_number = 0;
  std::string_view default_text = {};
};

// One request's members, by the name X-Amz-Target gives the operation; nullptr for a name that has
// no schema here.
struct OperationSchema {
  std::string_view name;
  std::span<const Member> members;
};
const OperationSchema* SchemaOf(std::string_view operation);
// All that are served, in an order that stays; docs/operations.md is held to them.
std::span<const OperationSchema> Operations();

// Names that the real service has and we do not serve (yet).
std::span<const std::string_view> NotServed();
// Whether a name is one of those.
bool IsKnownButNotServed(std::string_view operation);

}  // namespace candid::api
