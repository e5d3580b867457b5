#include "candid/api/access.h"

#include <algorithm>

#include "candid/base/hash.h"

namespace candid::api {
namespace {

std::string UserOf(const collections::Grant& grant, const std::string& account_id) {
  if (grant.session.empty()) return "arn:aws:iam::" + account_id + ":user/" + grant.key_id;
  return "arn:aws:sts::" + account_id + ":assumed-role/" + grant.key_id + "/" + grant.session;
}

bool AllowsTarget(const collections::Policy& policy, const AccessRequest& request) {
  if (!request.collection.empty()) return collections::AllowsCollection(policy, request.collection);
  // What names no collection and yet tells of them.
  const bool tells = request.action == "ListCollections";
  return !tells || policy.collections.empty() ||
         std::ranges::find(policy.collections, "*") != policy.collections.end();
}

}  // namespace

Expected<void> CheckAccess(const collections::Grant& grant, const AccessRequest& request) {
  const bool allowed = std::ranges::all_of(grant.policies, [&](const auto& policy) {
    return collections::AllowsAction(policy, request.action) && AllowsTarget(policy, request);
  });
  if (allowed) return {};
  const std::string resource = request.collection.empty()
                                   ? "*"
                                   : "arn:aws:rekognition:" + request.region + ":" +
                                         request.account_id + ":collection/" + request.collection;
  return RefuseService("AccessDeniedException", "User: " + UserOf(grant, request.account_id) +
                                                    " is not authorized to perform: rekognition:" +
                                                    std::string(request.action) +
                                                    " on resource: " + resource);
}

std::string CollectionOf(const Input& input) {
  if (input.Takes("CollectionId")) return input.Text("CollectionId");
  if (!input.Takes("ResourceArn")) return {};
  constexpr std::string_view kKind = ":collection/";
  const std::string arn = input.Text("ResourceArn");
  const std::size_t at = arn.find(kKind);
  return at == arn.npos ? std::string() : arn.substr(at + kKind.size());
}

void NotePicture(ByteSpan file, collections::Caller* caller) {
  if (!caller->images.empty()) caller->images += ' ';
  caller->images += Sha256Hex(file);
}

void DescribeCall(const Input& input, collections::Caller* caller) {
  for (const std::string_view name :
       {"FaceMatchThreshold", "UserMatchThreshold", "SimilarityThreshold"}) {
    if (input.Takes(name)) caller->threshold = input.Number(name);
  }
  for (const std::string_view name : {"Image", "SourceImage", "TargetImage"}) {
    if (!input.Takes(name)) continue;
    const auto image = input.Image(name);
    if (image && !image->bytes.empty()) NotePicture(image->bytes, caller);
  }
}

}  // namespace candid::api
