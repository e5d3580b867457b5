#include "candid/api/render.h"

namespace candid::api {
namespace {

constexpr std::string_view kLandmarkNames[] = {"eyeLeft", "eyeRight", "nose", "mouthLeft",
                                               "mouthRight"};
static_assert(std::size(kLandmarkNames) == face::kLandmarkCount);

}  // namespace

void WriteBoundingBox(JsonWriter& json, const collections::Region& box) {
  json.BeginObject();
  json.Member("Width", box.width);
  json.Member("Height", box.height);
  json.Member("Left", box.left);
  json.Member("Top", box.top);
  json.EndObject();
}

void WriteFaceDetail(JsonWriter& json, const face::Face& face,
                     const collections::PictureSize& picture) {
  json.BeginObject();
  json.Key("BoundingBox");
  WriteBoundingBox(json, collections::FractionsOf(face.box, picture));
  json.Member("Confidence", face.confidence * 100);
  json.Key("Landmarks");
  json.BeginArray();
  for (std::size_t i = 0; i < face.landmarks.size(); ++i) {
    json.BeginObject();
    json.Member("Type", kLandmarkNames[i]);
    json.Member("X", face.landmarks[i].x / static_cast<float>(picture.width));
    json.Member("Y", face.landmarks[i].y / static_cast<float>(picture.height));
    json.EndObject();
  }
  json.EndArray();
  json.Key("Pose");
  json.BeginObject();
  json.Member("Roll", face.pose.roll);
  json.Member("Yaw", face.pose.yaw);
  json.Member("Pitch", face.pose.pitch);
  json.EndObject();
  json.Key("Quality");
  json.BeginObject();
  json.Member("Brightness", face.quality.brightness);
  json.Member("Sharpness", face.quality.sharpness);
  json.EndObject();
  json.EndObject();
}

void WriteStoredFace(JsonWriter& json, const collections::StoredFace& face,
                     const std::string& model_version) {
  json.BeginObject();
  json.Member("FaceId", face.face_id);
  json.Key("BoundingBox");
  WriteBoundingBox(json, face.box);
  json.Member("ImageId", face.image_id);
  if (!face.external_image_id.empty()) json.Member("ExternalImageId", face.external_image_id);
  json.Member("Confidence", face.confidence * 100);
  json.Member("IndexFacesModelVersion", model_version);
  if (!face.user_id.empty()) json.Member("UserId", face.user_id);
  json.EndObject();
}

void WriteFaceMatch(JsonWriter& json, const collections::Match& match,
                    const std::string& model_version) {
  json.BeginObject();
  json.Member("Similarity", match.similarity);
  json.Key("Face");
  WriteStoredFace(json, match.face, model_version);
  json.EndObject();
}

}  // namespace candid::api
