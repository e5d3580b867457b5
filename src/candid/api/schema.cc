#include "candid/api/schema.h"

#include <algorithm>

#include "candid/base/ids.h"

namespace candid::api {
namespace {

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
template <char... kAlso>
bool AlphanumericOr(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return IsAlphanumeric(c) || ((c == kAlso) || ...); });
}
template <char... kAlso>
bool SomeAlphanumericOr(std::string_view text) {
  return !text.empty() && AlphanumericOr<kAlso...>(text);
}
// \p{L}, \p{Z} and \p{N} beyond ASCII are taken as any character beyond ASCII.
bool IsTagText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return IsAlphanumeric(c) || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view(" _.:/=+-@").find(c) != std::string_view::npos;
  });
}
bool IsTagKey(std::string_view text) { return IsTagText(text) && !text.starts_with("aws:"); }

constexpr Pattern kCollectionIdPattern{"[a-zA-Z0-9_.\\-]+", SomeAlphanumericOr<'_', '.', '-'>};
constexpr Pattern kExternalIdPattern{"[a-zA-Z0-9_.\\-:]+", SomeAlphanumericOr<'_', '.', '-', ':'>};
constexpr Pattern kBucketPattern{"[0-9A-Za-z\\.\\-_]*", AlphanumericOr<'_', '.', '-'>};
constexpr Pattern kFaceIdPattern{"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                                 IsUuid};
constexpr Pattern kTokenPattern{"^[a-zA-Z0-9-_]+$", SomeAlphanumericOr<'-', '_'>};
constexpr Pattern kTagKeyPattern{"^(?!aws:)[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*$", IsTagKey};
constexpr Pattern kTagValuePattern{"^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$", IsTagText};

constexpr std::string_view kAttributeValues[] = {
    "DEFAULT",       "ALL",           "AGE_RANGE", "BEARD",     "EMOTIONS",
    "EYE_DIRECTION", "EYEGLASSES",    "EYES_OPEN", "GENDER",    "MOUTH_OPEN",
    "MUSTACHE",      "FACE_OCCLUDED", "SMILE",     "SUNGLASSES"};
constexpr std::string_view kQualityValues[] = {"NONE", "AUTO", "LOW", "MEDIUM", "HIGH"};

constexpr Constraint Text(double min, double max, const Pattern* pattern = nullptr) {
  return {Type::kString, min, max, pattern};
}
constexpr Constraint Enumeration(std::span<const std::string_view> values) {
  return {Type::kString, 0, -1, nullptr, values};
}
constexpr Constraint Number(Type type, double min, double max) { return {type, min, max}; }
constexpr Constraint List(double min, double max, const Constraint* item) {
  return {Type::kList, min, max, nullptr, {}, item};
}
constexpr Constraint Object(std::span<const Member> members) {
  return {Type::kObject, 0, -1, nullptr, {}, nullptr, nullptr, members};
}

constexpr Constraint kCollectionId = Text(1, 255, &kCollectionIdPattern);
constexpr Constraint kExternalImageId = Text(1, 255, &kExternalIdPattern);
constexpr Constraint kUserId = Text(1, 128, &kExternalIdPattern);
constexpr Constraint kFaceId = Text(0, -1, &kFaceIdPattern);
constexpr Constraint kFaceIds = List(1, 4096, &kFaceId);
constexpr Constraint kUserFaceIds = List(1, 100, &kFaceId);
constexpr Constraint kRequestToken = Text(1, 64, &kTokenPattern);
constexpr Constraint kResourceArn = Text(20, 2048);
constexpr Constraint kNextToken = Text(0, 255);
constexpr Constraint kUserPageSize = Number(Type::kInteger, 1, 500);
constexpr Constraint kPageSize = Number(Type::kInteger, 0, 4096);
constexpr Constraint kIndexMaxFaces = Number(Type::kInteger, 1, 0);
constexpr Constraint kSearchMaxFaces = Number(Type::kInteger, 1, 4096);
constexpr Constraint kPercent = Number(Type::kFloat, 0, 100);
constexpr Constraint kQualityFilter = Enumeration(kQualityValues);
constexpr Constraint kAttribute = Enumeration(kAttributeValues);
constexpr Constraint kAttributes = List(0, -1, &kAttribute);
constexpr Constraint kTagKey = Text(1, 128, &kTagKeyPattern);
constexpr Constraint kTagValue = Text(0, 256, &kTagValuePattern);
constexpr Constraint kTagKeys = List(0, 200, &kTagKey);
constexpr Constraint kTags{Type::kMap, 0, 200, nullptr, {}, &kTagValue, &kTagKey};

constexpr Constraint kBytes{Type::kBlob, 1, 5'242'880};
constexpr Constraint kBucket = Text(3, 255, &kBucketPattern);
constexpr Constraint kObjectName = Text(1, 1024);
constexpr Member kS3Members[] = {
    {"Bucket", &kBucket}, {"Name", &kObjectName}, {"Version", &kObjectName}};
constexpr Constraint kS3Object = Object(kS3Members);
constexpr Member kImageMembers[] = {{"Bytes", &kBytes}, {"S3Object", &kS3Object}};
constexpr Constraint kImage = Object(kImageMembers);

// Defaults that Amazon does not state (page sizes, MaxFaces of the searches) are ours: docs/api.md.
constexpr Member kPaging[] = {{"NextToken", &kNextToken}, {"MaxResults", &kPageSize, false, 1000}};
constexpr Member kOneCollection[] = {{"CollectionId", &kCollectionId, true}};
constexpr Member kDetectFaces[] = {{"Image", &kImage, true}, {"Attributes", &kAttributes}};
constexpr Member kCompareFaces[] = {{"SourceImage", &kImage, true},
                                    {"TargetImage", &kImage, true},
                                    {"SimilarityThreshold", &kPercent, false, 80},
                                    {"QualityFilter", &kQualityFilter, false, 0, "NONE"}};
constexpr Member kCreateCollection[] = {{"CollectionId", &kCollectionId, true}, {"Tags", &kTags}};
constexpr Member kIndexFaces[] = {{"CollectionId", &kCollectionId, true},
                                  {"Image", &kImage, true},
                                  {"ExternalImageId", &kExternalImageId},
                                  {"DetectionAttributes", &kAttributes},
                                  {"MaxFaces", &kIndexMaxFaces, false, 100},
                                  {"QualityFilter", &kQualityFilter, false, 0, "AUTO"}};
constexpr Member kListFaces[] = {{"CollectionId", &kCollectionId, true},
                                 kPaging[0],
                                 kPaging[1],
                                 {"UserId", &kUserId},
                                 {"FaceIds", &kFaceIds}};
constexpr Member kDeleteFaces[] = {{"CollectionId", &kCollectionId, true},
                                   {"FaceIds", &kFaceIds, true}};
constexpr Member kSearchFaces[] = {{"CollectionId", &kCollectionId, true},
                                   {"FaceId", &kFaceId, true},
                                   {"MaxFaces", &kSearchMaxFaces, false, 100},
                                   {"FaceMatchThreshold", &kPercent, false, 80}};
constexpr Member kSearchFacesByImage[] = {{"CollectionId", &kCollectionId, true},
                                          {"Image", &kImage, true},
                                          {"MaxFaces", &kSearchMaxFaces, false, 100},
                                          {"FaceMatchThreshold", &kPercent, false, 80},
                                          {"QualityFilter", &kQualityFilter, false, 0, "NONE"}};

constexpr Member kCreateUser[] = {{"CollectionId", &kCollectionId, true},
                                  {"UserId", &kUserId, true},
                                  {"ClientRequestToken", &kRequestToken}};
constexpr Member kListUsers[] = {{"CollectionId", &kCollectionId, true},
                                 {"MaxResults", &kUserPageSize, false, 500},
                                 {"NextToken", &kNextToken}};
constexpr Member kAssociateFaces[] = {{"CollectionId", &kCollectionId, true},
                                      {"UserId", &kUserId, true},
                                      {"FaceIds", &kUserFaceIds, true},
                                      {"UserMatchThreshold", &kPercent, false, 75},
                                      {"ClientRequestToken", &kRequestToken}};
constexpr Member kDisassociateFaces[] = {{"CollectionId", &kCollectionId, true},
                                         {"UserId", &kUserId, true},
                                         {"ClientRequestToken", &kRequestToken},
                                         {"FaceIds", &kUserFaceIds, true}};
constexpr Member kSearchUsers[] = {{"CollectionId", &kCollectionId, true},
                                   {"UserId", &kUserId},
                                   {"FaceId", &kFaceId},
                                   {"UserMatchThreshold", &kPercent, false, 80},
                                   {"MaxUsers", &kUserPageSize, false, 100}};
constexpr Member kSearchUsersByImage[] = {{"CollectionId", &kCollectionId, true},
                                          {"Image", &kImage, true},
                                          {"UserMatchThreshold", &kPercent, false, 80},
                                          {"MaxUsers", &kUserPageSize, false, 100},
                                          {"QualityFilter", &kQualityFilter, false, 0, "NONE"}};
constexpr Member kTagResource[] = {{"ResourceArn", &kResourceArn, true}, {"Tags", &kTags, true}};
constexpr Member kUntagResource[] = {{"ResourceArn", &kResourceArn, true},
                                     {"TagKeys", &kTagKeys, true}};
constexpr Member kListTagsForResource[] = {{"ResourceArn", &kResourceArn, true}};

constexpr OperationSchema kOperations[] = {
    {"DetectFaces", kDetectFaces},
    {"CompareFaces", kCompareFaces},
    {"CreateCollection", kCreateCollection},
    {"DescribeCollection", kOneCollection},
    {"ListCollections", kPaging},
    {"DeleteCollection", kOneCollection},
    {"IndexFaces", kIndexFaces},
    {"ListFaces", kListFaces},
    {"DeleteFaces", kDeleteFaces},
    {"SearchFaces", kSearchFaces},
    {"SearchFacesByImage", kSearchFacesByImage},
    {"CreateUser", kCreateUser},
    {"DeleteUser", kCreateUser},
    {"ListUsers", kListUsers},
    {"AssociateFaces", kAssociateFaces},
    {"DisassociateFaces", kDisassociateFaces},
    {"SearchUsers", kSearchUsers},
    {"SearchUsersByImage", kSearchUsersByImage},
    {"TagResource", kTagResource},
    {"UntagResource", kUntagResource},
    {"ListTagsForResource", kListTagsForResource},
};

constexpr std::string_view kNotServed[] = {"CopyProjectVersion",
                                           "CreateDataset",
                                           "CreateFaceLivenessSession",
                                           "CreateProject",
                                           "CreateProjectVersion",
                                           "CreateStreamProcessor",
                                           "DeleteDataset",
                                           "DeleteProject",
                                           "DeleteProjectPolicy",
                                           "DeleteProjectVersion",
                                           "DeleteStreamProcessor",
                                           "DescribeDataset",
                                           "DescribeProjectVersions",
                                           "DescribeProjects",
                                           "DescribeStreamProcessor",
                                           "DetectCustomLabels",
                                           "DetectLabels",
                                           "DetectModerationLabels",
                                           "DetectProtectiveEquipment",
                                           "DetectText",
                                           "DistributeDatasetEntries",
                                           "GetCelebrityInfo",
                                           "GetCelebrityRecognition",
                                           "GetContentModeration",
                                           "GetFaceDetection",
                                           "GetFaceLivenessSessionResults",
                                           "GetFaceSearch",
                                           "GetLabelDetection",
                                           "GetMediaAnalysisJob",
                                           "GetPersonTracking",
                                           "GetSegmentDetection",
                                           "GetTextDetection",
                                           "ListDatasetEntries",
                                           "ListDatasetLabels",
                                           "ListMediaAnalysisJobs",
                                           "ListProjectPolicies",
                                           "ListStreamProcessors",
                                           "PutProjectPolicy",
                                           "RecognizeCelebrities",
                                           "StartCelebrityRecognition",
                                           "StartContentModeration",
                                           "StartFaceDetection",
                                           "StartFaceSearch",
                                           "StartLabelDetection",
                                           "StartMediaAnalysisJob",
                                           "StartPersonTracking",
                                           "StartProjectVersion",
                                           "StartSegmentDetection",
                                           "StartStreamProcessor",
                                           "StartTextDetection",
                                           "StopProjectVersion",
                                           "StopStreamProcessor",
                                           "UpdateDatasetEntries",
                                           "UpdateStreamProcessor"};
static_assert(std::size(kOperations) + std::size(kNotServed) == 75);

}  // namespace

const OperationSchema* SchemaOf(std::string_view operation) {
  const auto* found = std::find_if(std::begin(kOperations), std::end(kOperations),
                                   [&](const auto& schema) { return schema.name == operation; });
  return found == std::end(kOperations) ? nullptr : found;
}

std::span<const OperationSchema> Operations() { return kOperations; }

std::span<const std::string_view> NotServed() { return kNotServed; }

bool IsKnownButNotServed(std::string_view operation) {
  return std::find(std::begin(kNotServed), std::end(kNotServed), operation) != std::end(kNotServed);
}

}  // namespace candid::api
