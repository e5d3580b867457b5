// The wire's JSON shapes of the domain's values.
#pragma once

#include "candid/api/backend.h"
#include "candid/api/json_writer.h"

namespace candid::api {

// Members of an object that is already begun.
void WriteFaceDetailMembers(JsonWriter& json, const FaceDetail& face);

// Whole objects.
void WriteFaceDetail(JsonWriter& json, const FaceDetail& face);
void WriteBoundingBox(JsonWriter& json, const face::Box& box);
void WriteStoredFace(JsonWriter& json, const StoredFace& face);
void WriteFaceMatch(JsonWriter& json, const FaceMatch& match);

// An array, each item by `write(json, item)`.
template <typename Items, typename Write>
void WriteList(JsonWriter& json, std::string_view name, const Items& items, Write write) {
  json.Key(name);
  json.BeginArray();
  for (const auto& item : items) write(json, item);
  json.EndArray();
}

}  // namespace candid::api
