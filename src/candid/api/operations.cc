#include "candid/api/operations.h"

#include <algorithm>
#include <array>

#include "candid/api/handlers.h"
#include "candid/api/picture.h"
#include "candid/api/render.h"
#include "candid/base/check.h"
#include "candid/base/clock.h"
#include "candid/decision/ages.h"

namespace candid::api {
namespace {

using std::string_literals::operator""s;

// DEFAULT is what every face has. Names of what is not said (docs/attributes.md) ask for nothing.
face::AttributeSet WantedOf(const std::vector<std::string>& names) {
  face::AttributeSet wanted;
  constexpr std::pair<std::string_view, face::Trait> kTraits[] = {
      {"SMILE", face::kSmile}, {"EYEGLASSES", face::kEyeglasses}, {"MOUTH_OPEN", face::kMouthOpen}};
  static_assert(std::size(kTraits) == face::kTraitCount);
  for (const std::string& name : names) {
    if (name == "ALL") return face::AttributeSet::All();
    if (name == "AGE_RANGE") wanted.age_range = true;
    if (name == "EMOTIONS") wanted.emotions = true;
    for (const auto& [known, trait] : kTraits) {
      if (name == known) wanted.traits.set(trait);
    }
  }
  return wanted;
}

Expected<std::string> DetectFaces(const Input& input, const OperationContext& context) {
  const auto image = PictureOf(input, "Image", context);
  if (!image) return Refuse(image.error());
  const auto result = context.collections.Detect(context.caller, image->bytes(),
                                                 WantedOf(input.Texts("Attributes")));
  if (!result) return Refuse(FailureOf(result.error(), Subject::kImage));
  Observe(context, result->timings, result->faces.size());
  JsonWriter json;
  json.BeginObject();
  WriteList(json, "FaceDetails", result->faces, [&](JsonWriter& out, const face::Face& face) {
    WriteFaceDetail(out, face, result->picture);
  });
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> CompareFaces(const Input& input, const OperationContext& context) {
  const auto source = PictureOf(input, "SourceImage", context);
  if (!source) return Refuse(source.error());
  const auto target = PictureOf(input, "TargetImage", context);
  if (!target) return Refuse(target.error());
  const auto result = context.collections.Compare(
      context.caller,
      {source->bytes(), target->bytes(), input.Number("SimilarityThreshold"), FilterOf(input)});
  if (!result) return Refuse(FailureOf(result.error(), Subject::kImage));
  Observe(context, result->timings, 1 + result->matches.size() + result->unmatched.size());
  JsonWriter json;
  json.BeginObject();
  json.Key("SourceImageFace");
  json.BeginObject();
  json.Key("BoundingBox");
  WriteBoundingBox(json, FractionsOf(result->source_face.box, result->source));
  json.Member("Confidence", result->source_face.confidence * 100);
  json.EndObject();
  WriteList(json, "FaceMatches", result->matches,
            [&](JsonWriter& out, const collections::ComparedFace& match) {
              out.BeginObject();
              out.Member("Similarity", match.similarity);
              WriteRate(out, match.rate);
              out.Key("Face");
              WriteFaceDetail(out, match.face, result->target);
              out.EndObject();
            });
  WriteList(json, "UnmatchedFaces", result->unmatched,
            [&](JsonWriter& out, const collections::ComparedFace& other) {
              WriteFaceDetail(out, other.face, result->target);
            });
  WriteTerms(json, result->terms, context.collections.scale(), result->age_not_supported);
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> CreateCollection(const Input& input, const OperationContext& context) {
  const auto made = context.collections.Create(context.caller, input.Text("CollectionId"),
                                               collections::Keep::kNone, TagsOf(input));
  if (!made) return Refuse(FailureOf(made.error(), Subject::kCollection));
  JsonWriter json;
  json.BeginObject();
  json.Member("StatusCode", 200);
  json.Member("CollectionArn", ArnOf(context, made->id));
  json.Member("FaceModelVersion", made->model.version);
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> DescribeCollection(const Input& input, const OperationContext& context) {
  const auto info = context.collections.Describe(input.Text("CollectionId"));
  if (!info) return Refuse(FailureOf(info.error(), Subject::kCollection));
  JsonWriter json;
  json.BeginObject();
  json.Member("FaceCount", info->face_count);
  json.Member("FaceModelVersion", info->model.version);
  json.Member("CollectionARN", ArnOf(context, info->id));
  json.Member("CreationTimestamp", ToEpochSeconds(info->created));
  json.Member("UserCount", info->user_count);
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> ListCollections(const Input& input, const OperationContext& context) {
  const std::string scope = ScopeOf("ListCollections", input, context);
  const auto from = PositionOf(input, context, scope);
  if (!from) return Refuse(from.error());
  const auto page = context.collections.List(*from, PageSizeOf(input));
  if (!page) return Refuse(FailureOf(page.error(), Subject::kOther));
  JsonWriter json;
  json.BeginObject();
  WriteList(json, "CollectionIds", page->items,
            [](JsonWriter& out, const collections::Collection& one) { out.Value(one.id); });
  WriteList(
      json, "FaceModelVersions", page->items,
      [](JsonWriter& out, const collections::Collection& one) { out.Value(one.model.version); });
  WriteNextToken(json, context, scope, page->next);
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> DeleteCollection(const Input& input, const OperationContext& context) {
  const auto deleted = context.collections.Delete(context.caller, input.Text("CollectionId"));
  if (!deleted) return Refuse(FailureOf(deleted.error(), Subject::kCollection));
  return R"({"StatusCode":200})";
}

Expected<std::string> IndexFaces(const Input& input, const OperationContext& context) {
  const auto image = PictureOf(input, "Image", context);
  if (!image) return Refuse(image.error());
  const StageAfter record("record");
  const auto result = context.collections.Index(
      context.caller, {input.Text("CollectionId"), image->bytes(), input.Text("ExternalImageId"),
                       static_cast<std::size_t>(std::min(input.Number("MaxFaces"), kMostFaces)),
                       FilterOf(input), WantedOf(input.Texts("DetectionAttributes"))});
  if (!result) return Refuse(FailureOf(result.error(), Subject::kImage));
  Observe(context, result->timings, result->indexed.size() + result->unindexed.size());
  record.Observe(context, result->timings);
  context.metrics.CountFaces("indexed", result->indexed.size());
  JsonWriter json;
  json.BeginObject();
  WriteList(json, "FaceRecords", result->indexed,
            [&](JsonWriter& out, const collections::IndexedFace& face) {
              out.BeginObject();
              out.Key("Face");
              WriteStoredFace(out, face.stored, result->model_version);
              out.Key("FaceDetail");
              WriteFaceDetail(out, face.detail, result->picture);
              out.EndObject();
            });
  json.Member("FaceModelVersion", result->model_version);
  WriteList(json, "UnindexedFaces", result->unindexed,
            [&](JsonWriter& out, const collections::UnindexedFace& face) {
              out.BeginObject();
              WriteList(out, "Reasons", face.reasons,
                        [](JsonWriter& inner, collections::Reason reason) {
                          inner.Value(NameOf(reason));
                        });
              if (face.age_not_supported) {
                out.Member("CandidReason", decision::kAgeNotSupported);
              }
              out.Key("FaceDetail");
              WriteFaceDetail(out, face.detail, result->picture);
              out.EndObject();
            });
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> ListFaces(const Input& input, const OperationContext& context) {
  const std::string collection = input.Text("CollectionId");
  const std::string scope = ScopeOf("ListFaces", input, context);
  const auto from = PositionOf(input, context, scope);
  if (!from) return Refuse(from.error());
  const auto info = context.collections.Describe(collection);
  if (!info) return Refuse(FailureOf(info.error(), Subject::kCollection));
  const auto page = context.collections.ListFaces(
      {collection, *from, PageSizeOf(input), input.Texts("FaceIds"), input.Text("UserId")});
  if (!page) return Refuse(FailureOf(page.error(), Subject::kCollection));
  JsonWriter json;
  json.BeginObject();
  WriteList(json, "Faces", page->items, [&](JsonWriter& out, const collections::StoredFace& face) {
    WriteStoredFace(out, face, info->model.version);
  });
  WriteNextToken(json, context, scope, page->next);
  json.Member("FaceModelVersion", info->model.version);
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> DeleteFaces(const Input& input, const OperationContext& context) {
  const auto result = context.collections.DeleteFaces(context.caller, input.Text("CollectionId"),
                                                      input.Texts("FaceIds"));
  if (!result) return Refuse(FailureOf(result.error(), Subject::kCollection));
  JsonWriter json;
  json.BeginObject();
  const auto write_id = [](JsonWriter& out, const std::string& id) { out.Value(id); };
  WriteList(json, "DeletedFaces", result->deleted, write_id);
  json.Key("UnsuccessfulFaceDeletions");
  json.BeginArray();
  for (const std::string& id : result->not_found) {
    json.BeginObject();
    json.Member("FaceId", id);
    WriteList(json, "Reasons", std::array{"FACE_NOT_FOUND"s}, write_id);
    json.EndObject();
  }
  for (const collections::StoredFace& face : result->associated) {
    json.BeginObject();
    json.Member("FaceId", face.face_id);
    json.Member("UserId", face.user_id);
    WriteList(json, "Reasons", std::array{"ASSOCIATED_TO_AN_EXISTING_USER"s}, write_id);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return std::move(json).Take();
}

void WriteMatches(JsonWriter& json, const collections::SearchOutcome& result,
                  const OperationContext& context) {
  WriteList(json, "FaceMatches", result.matches,
            [&](JsonWriter& out, const collections::Match& match) {
              WriteFaceMatch(out, match, result.model_version);
            });
  json.Member("FaceModelVersion", result.model_version);
  WriteTerms(json, result.terms, context.collections.scale(), result.age_not_supported);
}

Expected<std::string> SearchFaces(const Input& input, const OperationContext& context) {
  const std::string face_id = input.Text("FaceId");
  const StageAfter search("search");
  const auto result = context.collections.SearchByFace(
      context.caller,
      {input.Text("CollectionId"), face_id, static_cast<std::size_t>(input.Number("MaxFaces")),
       input.Number("FaceMatchThreshold")});
  if (!result) return Refuse(FailureOf(result.error(), Subject::kCollection));
  search.Observe(context, result->timings);
  JsonWriter json;
  json.BeginObject();
  json.Member("SearchedFaceId", face_id);
  WriteMatches(json, *result, context);
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> SearchFacesByImage(const Input& input, const OperationContext& context) {
  const auto image = PictureOf(input, "Image", context);
  if (!image) return Refuse(image.error());
  const StageAfter search("search");
  const auto result = context.collections.SearchByImage(
      context.caller, {input.Text("CollectionId"), image->bytes(),
                       static_cast<std::size_t>(input.Number("MaxFaces")),
                       input.Number("FaceMatchThreshold"), FilterOf(input)});
  if (!result) return Refuse(FailureOf(result.error(), Subject::kImage));
  Observe(context, result->timings, result->searched ? 1 : 0);
  if (!result->searched) {
    return RefuseService("InvalidParameterException",
                         "There are no faces in the image. Should be at least 1.");
  }
  search.Observe(context, result->timings);
  JsonWriter json;
  json.BeginObject();
  json.Key("SearchedFaceBoundingBox");
  WriteBoundingBox(json, FractionsOf(result->searched->box, result->picture));
  json.Member("SearchedFaceConfidence", result->searched->confidence * 100);
  WriteMatches(json, *result, context);
  json.EndObject();
  return std::move(json).Take();
}

constexpr std::pair<std::string_view, Handler> kHandlers[] = {
    {"DetectFaces", DetectFaces},
    {"CompareFaces", CompareFaces},
    {"CreateCollection", CreateCollection},
    {"DescribeCollection", DescribeCollection},
    {"ListCollections", ListCollections},
    {"DeleteCollection", DeleteCollection},
    {"IndexFaces", IndexFaces},
    {"ListFaces", ListFaces},
    {"DeleteFaces", DeleteFaces},
    {"SearchFaces", SearchFaces},
    {"SearchFacesByImage", SearchFacesByImage},
    {"CreateUser", CreateUser},
    {"DeleteUser", DeleteUser},
    {"ListUsers", ListUsers},
    {"AssociateFaces", AssociateFaces},
    {"DisassociateFaces", DisassociateFaces},
    {"SearchUsers", SearchUsers},
    {"SearchUsersByImage", SearchUsersByImage},
    {"TagResource", TagResource},
    {"UntagResource", UntagResource},
    {"ListTagsForResource", ListTagsForResource},
};

}  // namespace

Expected<std::string> RunOperation(std::string_view operation, const Input& input,
                                   const OperationContext& context) {
  for (const auto& [name, handler] : kHandlers) {
    if (name == operation) return handler(input, context);
  }
  CANDID_CHECK(false);
}

}  // namespace candid::api
