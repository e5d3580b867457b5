// The wire's JSON shapes of the domain's values.
#pragma once

#include "candid/api/json_writer.h"
#include "candid/collections/requests.h"

namespace candid::api {

// Whole objects. Pixels become fractions of `picture`, 0..1 becomes 0..100.
void WriteFaceDetail(JsonWriter& json, const face::Face& face,
                     const collections::PictureSize& picture);
void WriteBoundingBox(JsonWriter& json, const collections::Region& box);
void WriteStoredFace(JsonWriter& json, const collections::StoredFace& face,
                     const std::string& model_version);
// Candid's own members, which SDKs pass over (docs/api.md): what a match's score stands for ...
void WriteRate(JsonWriter& json, const std::optional<decision::StatedRate>& rate);
// ... and the terms of a whole search, with what they rest on.
void WriteTerms(JsonWriter& json, const decision::Terms& terms, const decision::Scale& scale,
                bool age_not_supported);
void WriteFaceMatch(JsonWriter& json, const collections::Match& match,
                    const std::string& model_version);

// An array, each item by `write(json, item)`.
template <typename Items, typename Write>
void WriteList(JsonWriter& json, std::string_view name, const Items& items, Write write) {
  json.Key(name);
  json.BeginArray();
  for (const auto& item : items) write(json, item);
  json.EndArray();
}

}  // namespace candid::api
