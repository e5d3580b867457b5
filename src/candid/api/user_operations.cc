// The operations on users.
#include "candid/api/handlers.h"
#include "candid/api/picture.h"
#include "candid/api/render.h"

namespace candid::api {
namespace {

collections::UserRequest UserOf(const Input& input) {
  return {input.Text("CollectionId"), input.Text("UserId"), input.Text("ClientRequestToken")};
}

// A user's vector is made within the call that changes it, so that no user is ever UPDATING.
std::string_view StatusOf(bool has_faces) { return has_faces ? "ACTIVE" : "CREATED"; }

void WriteUser(JsonWriter& json, const collections::StoredUser& user) {
  json.BeginObject();
  json.Member("UserId", user.user_id);
  json.Member("UserStatus", StatusOf(user.face_count > 0));
  json.EndObject();
}

// The names of the lists differ between the two operations.
std::string RenderAssociation(const collections::AssociationOutcome& outcome,
                              std::string_view changed, std::string_view refused) {
  JsonWriter json;
  json.BeginObject();
  WriteList(json, changed, outcome.changed, [](JsonWriter& out, const std::string& id) {
    out.BeginObject();
    out.Member("FaceId", id);
    out.EndObject();
  });
  WriteList(json, refused, outcome.refused,
            [](JsonWriter& out, const collections::RefusedAssociation& one) {
              out.BeginObject();
              out.Member("FaceId", one.face_id);
              if (!one.user_id.empty()) out.Member("UserId", one.user_id);
              if (one.similarity) out.Member("Confidence", *one.similarity);
              out.Key("Reasons");
              out.BeginArray();
              out.Value(NameOf(one.reason));
              out.EndArray();
              out.EndObject();
            });
  json.Member("UserStatus", StatusOf(outcome.has_faces));
  json.EndObject();
  return std::move(json).Take();
}

void WriteUserMatches(JsonWriter& json, const collections::SearchUsersOutcome& result,
                      const OperationContext& context) {
  WriteList(json, "UserMatches", result.matches,
            [](JsonWriter& out, const collections::UserMatch& match) {
              out.BeginObject();
              out.Member("Similarity", match.similarity);
              WriteRate(out, match.rate);
              out.Key("User");
              WriteUser(out, match.user);
              out.EndObject();
            });
  json.Member("FaceModelVersion", result.model_version);
  WriteTerms(json, result.terms, context.collections.scale(), result.age_not_supported);
}

}  // namespace

Expected<std::string> CreateUser(const Input& input, const OperationContext& context) {
  const auto done = context.collections.CreateUser(context.caller, UserOf(input));
  if (!done) return Refuse(FailureOf(done.error(), Subject::kUser));
  return "{}";
}

Expected<std::string> DeleteUser(const Input& input, const OperationContext& context) {
  const auto done = context.collections.DeleteUser(context.caller, UserOf(input));
  if (!done) return Refuse(FailureOf(done.error(), Subject::kUser));
  return "{}";
}

Expected<std::string> ListUsers(const Input& input, const OperationContext& context) {
  const std::string scope = ScopeOf("ListUsers", input, context);
  const auto from = PositionOf(input, context, scope);
  if (!from) return Refuse(from.error());
  const auto page =
      context.collections.ListUsers(input.Text("CollectionId"), *from, PageSizeOf(input));
  if (!page) return Refuse(FailureOf(page.error(), Subject::kCollection));
  JsonWriter json;
  json.BeginObject();
  WriteList(json, "Users", page->items, WriteUser);
  WriteNextToken(json, context, scope, page->next);
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> AssociateFaces(const Input& input, const OperationContext& context) {
  const auto outcome = context.collections.AssociateFaces(
      context.caller, {UserOf(input), input.Texts("FaceIds"), input.Number("UserMatchThreshold")});
  if (!outcome) return Refuse(FailureOf(outcome.error(), Subject::kUser));
  return RenderAssociation(*outcome, "AssociatedFaces", "UnsuccessfulFaceAssociations");
}

Expected<std::string> DisassociateFaces(const Input& input, const OperationContext& context) {
  const auto outcome = context.collections.DisassociateFaces(
      context.caller, {UserOf(input), input.Texts("FaceIds")});
  if (!outcome) return Refuse(FailureOf(outcome.error(), Subject::kUser));
  return RenderAssociation(*outcome, "DisassociatedFaces", "UnsuccessfulFaceDisassociations");
}

Expected<std::string> SearchUsers(const Input& input, const OperationContext& context) {
  const StageAfter search("search");
  const auto result = context.collections.SearchUsers(
      context.caller,
      {input.Text("CollectionId"), input.Text("UserId"), input.Text("FaceId"),
       static_cast<std::size_t>(input.Number("MaxUsers")), input.Number("UserMatchThreshold")});
  if (!result) return Refuse(FailureOf(result.error(), Subject::kCollection));
  search.Observe(context, result->timings);
  const std::string_view kind = input.Has("FaceId") ? "Face" : "User";
  JsonWriter json;
  json.BeginObject();
  WriteUserMatches(json, *result, context);
  json.Key("Searched" + std::string(kind));
  json.BeginObject();
  json.Member(std::string(kind) + "Id", input.Text(std::string(kind) + "Id"));
  json.EndObject();
  json.EndObject();
  return std::move(json).Take();
}

// Where the picture shows nobody the answer is an empty one, unlike that of SearchFacesByImage.
Expected<std::string> SearchUsersByImage(const Input& input, const OperationContext& context) {
  const auto image = PictureOf(input, "Image", context);
  if (!image) return Refuse(image.error());
  const StageAfter search("search");
  const auto result = context.collections.SearchUsersByImage(
      context.caller, {input.Text("CollectionId"), image->bytes(),
                       static_cast<std::size_t>(input.Number("MaxUsers")),
                       input.Number("UserMatchThreshold"), FilterOf(input)});
  if (!result) return Refuse(FailureOf(result.error(), Subject::kImage));
  Observe(context, result->timings, result->unsearched.size() + (result->searched ? 1 : 0));
  search.Observe(context, result->timings);
  JsonWriter json;
  json.BeginObject();
  WriteUserMatches(json, *result, context);
  if (result->searched) {
    json.Key("SearchedFace");
    json.BeginObject();
    json.Key("FaceDetail");
    WriteFaceDetail(json, *result->searched, result->picture);
    json.EndObject();
  }
  WriteList(json, "UnsearchedFaces", result->unsearched,
            [&](JsonWriter& out, const collections::UnindexedFace& face) {
              out.BeginObject();
              out.Key("FaceDetails");
              WriteFaceDetail(out, face.detail, result->picture);
              WriteList(out, "Reasons", face.reasons,
                        [](JsonWriter& inner, collections::Reason reason) {
                          inner.Value(NameOf(reason));
                        });
              out.EndObject();
            });
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace candid::api
