#include "candid/api/operations.h"

#include <algorithm>
#include <set>

#include "candid/api/render.h"
#include "candid/base/check.h"
#include "candid/base/clock.h"

namespace candid::api {
namespace {

using Handler = Expected<std::string> (*)(const Input&, const OperationContext&);

constexpr double kDefaultPage = 1000;

// A collection's failure in the literal words that clients match on.
Failure CollectionFailure(const Error& error, const Input& input, Subject subject) {
  const std::string id = input.Text("CollectionId");
  if (error.code() == Code::kNotFound) {
    return {"ResourceNotFoundException", "The collection id: " + id + " does not exist"};
  }
  if (error.code() == Code::kAlreadyExists) {
    return {"ResourceAlreadyExistsException", "The collection id: " + id + " already exists"};
  }
  return FailureOf(error, subject);
}

// Object storage is not served yet.
Expected<ByteSpan> ImageBytes(const Input& input, std::string_view name) {
  const auto image = input.Image(name);
  if (!image) return Refuse(image.error());
  if (image->in_s3) {
    return RefuseService("InvalidS3ObjectException",
                         "Unable to get object metadata from S3. Check object key, region and/or "
                         "access permissions.");
  }
  return image->bytes;
}

QualityFilter FilterOf(const Input& input) {
  const std::string name = input.Text("QualityFilter");
  if (name == "AUTO") return QualityFilter::kAuto;
  if (name == "LOW") return QualityFilter::kLow;
  if (name == "MEDIUM") return QualityFilter::kMedium;
  if (name == "HIGH") return QualityFilter::kHigh;
  return QualityFilter::kNone;
}

std::string ArnOf(const OperationContext& context, const std::string& collection) {
  return "arn:aws:rekognition:" + context.region + ":" + context.account_id + ":collection/" +
         collection;
}

std::size_t PageSizeOf(const Input& input) {
  const double size = input.Number("MaxResults");
  return static_cast<std::size_t>(size > 0 ? size : kDefaultPage);
}

// The place a request's NextToken stands for; empty for the beginning.
Expected<std::string> PositionOf(const Input& input, const OperationContext& context,
                                 const std::string& scope) {
  const std::string token = input.Text("NextToken");
  if (token.empty()) return std::string();
  return context.tokens.Open(scope, token);
}

void WriteNextToken(JsonWriter& json, const OperationContext& context, const std::string& scope,
                    const std::string& next) {
  if (!next.empty()) json.Member("NextToken", context.tokens.Seal(scope, next));
}

Expected<std::string> DetectFaces(const Input& input, const OperationContext& context) {
  const auto image = ImageBytes(input, "Image");
  if (!image) return Refuse(image.error());
  const auto faces = context.backend.Detect(*image);
  if (!faces) return Refuse(FailureOf(faces.error(), Subject::kImage));
  JsonWriter json;
  json.BeginObject();
  WriteList(json, "FaceDetails", *faces, WriteFaceDetail);
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> CompareFaces(const Input& input, const OperationContext& context) {
  const auto source = ImageBytes(input, "SourceImage");
  if (!source) return Refuse(source.error());
  const auto target = ImageBytes(input, "TargetImage");
  if (!target) return Refuse(target.error());
  const auto result = context.backend.Compare(*source, *target, input.Number("SimilarityThreshold"),
                                              FilterOf(input));
  if (!result) return Refuse(FailureOf(result.error(), Subject::kImage));
  JsonWriter json;
  json.BeginObject();
  json.Key("SourceImageFace");
  json.BeginObject();
  json.Key("BoundingBox");
  WriteBoundingBox(json, result->source.box);
  json.Member("Confidence", result->source.confidence);
  json.EndObject();
  WriteList(json, "FaceMatches", result->matches, [](JsonWriter& out, const auto& match) {
    out.BeginObject();
    out.Member("Similarity", match.first);
    out.Key("Face");
    WriteFaceDetail(out, match.second);
    out.EndObject();
  });
  WriteList(json, "UnmatchedFaces", result->unmatched, WriteFaceDetail);
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> CreateCollection(const Input& input, const OperationContext& context) {
  const auto made =
      context.backend.CreateCollection(input.Text("CollectionId"), input.Pairs("Tags"));
  if (!made) return Refuse(CollectionFailure(made.error(), input, Subject::kCollection));
  JsonWriter json;
  json.BeginObject();
  json.Member("StatusCode", 200);
  json.Member("CollectionArn", ArnOf(context, made->id));
  json.Member("FaceModelVersion", made->model_version);
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> DescribeCollection(const Input& input, const OperationContext& context) {
  const auto info = context.backend.DescribeCollection(input.Text("CollectionId"));
  if (!info) return Refuse(CollectionFailure(info.error(), input, Subject::kCollection));
  JsonWriter json;
  json.BeginObject();
  json.Member("FaceCount", info->face_count);
  json.Member("FaceModelVersion", info->model_version);
  json.Member("CollectionARN", ArnOf(context, info->id));
  json.Member("CreationTimestamp", ToEpochSeconds(info->created));
  json.Member("UserCount", 0);
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> ListCollections(const Input& input, const OperationContext& context) {
  const std::string scope = "ListCollections";
  const auto from = PositionOf(input, context, scope);
  if (!from) return Refuse(from.error());
  const auto page = context.backend.ListCollections(*from, PageSizeOf(input));
  if (!page) return Refuse(FailureOf(page.error(), Subject::kOther));
  JsonWriter json;
  json.BeginObject();
  WriteList(json, "CollectionIds", page->items,
            [](JsonWriter& out, const CollectionInfo& info) { out.Value(info.id); });
  WriteList(json, "FaceModelVersions", page->items,
            [](JsonWriter& out, const CollectionInfo& info) { out.Value(info.model_version); });
  WriteNextToken(json, context, scope, page->next);
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> DeleteCollection(const Input& input, const OperationContext& context) {
  const auto deleted = context.backend.DeleteCollection(input.Text("CollectionId"));
  if (!deleted) return Refuse(CollectionFailure(deleted.error(), input, Subject::kCollection));
  return R"({"StatusCode":200})";
}

Expected<std::string> IndexFaces(const Input& input, const OperationContext& context) {
  const auto image = ImageBytes(input, "Image");
  if (!image) return Refuse(image.error());
  IndexRequest request;
  request.collection = input.Text("CollectionId");
  request.image = *image;
  request.external_image_id = input.Text("ExternalImageId");
  request.max_faces = static_cast<std::int64_t>(std::min(input.Number("MaxFaces"), 100.0));
  request.filter = FilterOf(input);
  const auto result = context.backend.Index(request);
  if (!result) return Refuse(CollectionFailure(result.error(), input, Subject::kImage));
  JsonWriter json;
  json.BeginObject();
  WriteList(json, "FaceRecords", result->indexed, [](JsonWriter& out, const auto& record) {
    out.BeginObject();
    out.Key("Face");
    WriteStoredFace(out, record.first);
    out.Key("FaceDetail");
    WriteFaceDetail(out, record.second);
    out.EndObject();
  });
  json.Member("FaceModelVersion", result->model_version);
  WriteList(json, "UnindexedFaces", result->unindexed, [](JsonWriter& out, const auto& face) {
    out.BeginObject();
    WriteList(out, "Reasons", face.first,
              [](JsonWriter& inner, const std::string& reason) { inner.Value(reason); });
    out.Key("FaceDetail");
    WriteFaceDetail(out, face.second);
    out.EndObject();
  });
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> ListFaces(const Input& input, const OperationContext& context) {
  const std::string collection = input.Text("CollectionId");
  const std::string scope = "ListFaces " + collection;
  const auto from = PositionOf(input, context, scope);
  if (!from) return Refuse(from.error());
  const auto info = context.backend.DescribeCollection(collection);
  if (!info) return Refuse(CollectionFailure(info.error(), input, Subject::kCollection));
  if (input.Has("UserId")) {  // users come with a later issue: there is none yet
    return RefuseService("ResourceNotFoundException",
                         "The user id: " + input.Text("UserId") + " does not exist");
  }
  const auto page =
      context.backend.ListFaces(collection, input.Texts("FaceIds"), *from, PageSizeOf(input));
  if (!page) return Refuse(CollectionFailure(page.error(), input, Subject::kCollection));
  JsonWriter json;
  json.BeginObject();
  WriteList(json, "Faces", page->items, WriteStoredFace);
  WriteNextToken(json, context, scope, page->next);
  json.Member("FaceModelVersion", info->model_version);
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> DeleteFaces(const Input& input, const OperationContext& context) {
  const auto asked = input.Texts("FaceIds");
  const auto deleted = context.backend.DeleteFaces(input.Text("CollectionId"), asked);
  if (!deleted) return Refuse(CollectionFailure(deleted.error(), input, Subject::kCollection));
  std::set<std::string> told(deleted->begin(), deleted->end());
  JsonWriter json;
  json.BeginObject();
  const auto write_id = [](JsonWriter& out, const std::string& id) { out.Value(id); };
  WriteList(json, "DeletedFaces", *deleted, write_id);
  json.Key("UnsuccessfulFaceDeletions");
  json.BeginArray();
  for (const std::string& id : asked) {
    if (!told.insert(id).second) continue;
    json.BeginObject();
    json.Member("FaceId", id);
    WriteList(json, "Reasons", std::vector<std::string>{"FACE_NOT_FOUND"}, write_id);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> SearchFaces(const Input& input, const OperationContext& context) {
  const std::string face_id = input.Text("FaceId");
  const auto result = context.backend.SearchByFace(
      input.Text("CollectionId"), face_id, input.Number("FaceMatchThreshold"),
      static_cast<std::size_t>(input.Number("MaxFaces")));
  if (!result) return Refuse(CollectionFailure(result.error(), input, Subject::kFace));
  JsonWriter json;
  json.BeginObject();
  json.Member("SearchedFaceId", face_id);
  WriteList(json, "FaceMatches", result->matches, WriteFaceMatch);
  json.Member("FaceModelVersion", result->model_version);
  json.EndObject();
  return std::move(json).Take();
}

Expected<std::string> SearchFacesByImage(const Input& input, const OperationContext& context) {
  const auto image = ImageBytes(input, "Image");
  if (!image) return Refuse(image.error());
  const auto result = context.backend.SearchByImage(
      input.Text("CollectionId"), *image, input.Number("FaceMatchThreshold"),
      static_cast<std::size_t>(input.Number("MaxFaces")), FilterOf(input));
  if (!result) return Refuse(CollectionFailure(result.error(), input, Subject::kImage));
  if (!result->searched) {
    return RefuseService("InvalidParameterException",
                         "There are no faces in the image. Should be at least 1.");
  }
  JsonWriter json;
  json.BeginObject();
  json.Key("SearchedFaceBoundingBox");
  WriteBoundingBox(json, result->searched->box);
  json.Member("SearchedFaceConfidence", result->searched->confidence);
  WriteList(json, "FaceMatches", result->matches, WriteFaceMatch);
  json.Member("FaceModelVersion", result->model_version);
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
