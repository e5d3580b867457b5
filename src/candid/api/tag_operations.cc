// The operations on tags. Only collections have any.
#include <algorithm>

#include "candid/api/handlers.h"

namespace candid::api {
namespace {

// The collection that an ARN names, with or without "arn:" in front: the real service has answered
// both ways. Regions are the caller's affair, as there is one server.
Expected<std::string> CollectionOf(const Input& input, const OperationContext& context) {
  const std::string arn = input.Text("ResourceArn");
  std::string_view rest = arn;
  const auto take = [&rest](std::string_view part) {
    if (!rest.starts_with(part)) return false;
    rest.remove_prefix(part.size());
    return true;
  };
  take("arn:");
  const bool ours = take("aws:rekognition:");
  rest.remove_prefix(ours ? std::min(rest.find(':'), rest.size()) : 0);
  if (ours && take(":" + context.account_id + ":collection/")) return std::string(rest);
  if (ours && !rest.empty()) {
    return RefuseService("ResourceNotFoundException", "The resource: " + arn + " does not exist");
  }
  return RefuseService("InvalidParameterException",
                       "ResourceArn must be the ARN of a collection, as DescribeCollection gives "
                       "it");
}

}  // namespace

collections::Tags TagsOf(const Input& input) {
  const auto pairs = input.Pairs("Tags");
  return {pairs.begin(), pairs.end()};
}

Expected<std::string> TagResource(const Input& input, const OperationContext& context) {
  const auto collection = CollectionOf(input, context);
  if (!collection) return Refuse(collection.error());
  const auto done = context.collections.Tag(context.caller, *collection, TagsOf(input));
  if (!done) return Refuse(FailureOf(done.error(), Subject::kCollection));
  return "{}";
}

Expected<std::string> UntagResource(const Input& input, const OperationContext& context) {
  const auto collection = CollectionOf(input, context);
  if (!collection) return Refuse(collection.error());
  const auto done = context.collections.Untag(context.caller, *collection, input.Texts("TagKeys"));
  if (!done) return Refuse(FailureOf(done.error(), Subject::kCollection));
  return "{}";
}

Expected<std::string> ListTagsForResource(const Input& input, const OperationContext& context) {
  const auto collection = CollectionOf(input, context);
  if (!collection) return Refuse(collection.error());
  const auto tags = context.collections.ListTags(*collection);
  if (!tags) return Refuse(FailureOf(tags.error(), Subject::kCollection));
  JsonWriter json;
  json.BeginObject();
  json.Key("Tags");
  json.BeginObject();
  for (const auto& [key, value] : *tags) json.Member(key, value);
  json.EndObject();
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace candid::api
