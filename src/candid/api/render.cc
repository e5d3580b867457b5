#include "candid/api/render.h"

#include "candid/decision/ages.h"

namespace candid::api {
namespace {

constexpr std::string_view kLandmarkNames[] = {"eyeLeft", "eyeRight", "nose", "mouthLeft",
                                               "mouthRight"};
static_assert(std::size(kLandmarkNames) == face::kLandmarkCount);

void WriteLandmark(JsonWriter& json, std::string_view name, const face::Point& point,
                   const collections::PictureSize& picture) {
  json.BeginObject();
  json.Member("Type", name);
  json.Member("X", point.x / static_cast<float>(picture.width));
  json.Member("Y", point.y / static_cast<float>(picture.height));
  json.EndObject();
}

// All of them where they were asked for.
void WriteLandmarks(JsonWriter& json, const face::Face& face,
                    const collections::PictureSize& picture) {
  json.Key("Landmarks");
  json.BeginArray();
  for (std::size_t i = 0; i < face.all_landmarks.size(); ++i) {
    WriteLandmark(json, face::kAllLandmarkNames[i], face.all_landmarks[i], picture);
  }
  for (std::size_t i = 0; i < face.landmarks.size() && face.all_landmarks.empty(); ++i) {
    WriteLandmark(json, kLandmarkNames[i], face.landmarks[i], picture);
  }
  json.EndArray();
}

void WriteAttributes(JsonWriter& json, const face::Attributes& attributes) {
  if (attributes.age_range) {
    json.Key("AgeRange");
    json.BeginObject();
    json.Member("Low", attributes.age_range->low);
    json.Member("High", attributes.age_range->high);
    json.EndObject();
  }
  for (std::size_t i = 0; i < attributes.traits.size(); ++i) {
    if (!attributes.traits[i]) continue;
    json.Key(NameOf(static_cast<face::Trait>(i)));
    json.BeginObject();
    json.Member("Value", attributes.traits[i]->value);
    json.Member("Confidence", attributes.traits[i]->probability * 100);
    json.EndObject();
  }
  if (!attributes.happy) return;
  const std::pair<std::string_view, float> emotions[] = {{"HAPPY", *attributes.happy},
                                                         {"UNKNOWN", 1 - *attributes.happy}};
  json.Key("Emotions");
  json.BeginArray();
  for (const auto& [type, probability] : emotions) {
    json.BeginObject();
    json.Member("Type", type);
    json.Member("Confidence", probability * 100);
    json.EndObject();
  }
  json.EndArray();
}

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
  WriteLandmarks(json, face, picture);
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
  WriteAttributes(json, face.attributes);
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

void WriteRate(JsonWriter& json, const std::optional<decision::StatedRate>& rate) {
  if (!rate) return;
  json.Member("FalseMatchRate", rate->fmr);
  json.Member("FalseMatchRateBasis", NameOf(rate->basis));
}

namespace {

void WriteCalibration(JsonWriter& json, const decision::Terms& terms,
                      const decision::Scale& scale) {
  json.Key("Calibration");
  json.BeginObject();
  json.Member("Status", scale.calibrated() ? "CALIBRATED" : "NONE");
  if (scale.calibrated()) {
    const decision::Calibration& table = scale.table();
    json.Member("Pack", table.pack);
    json.Member("ModelHash", table.model_hash);
    json.Member("Date", table.date);
    json.Member("Group", terms.rate->group);
    WriteList(json, "Data", table.data, [](JsonWriter& out, const decision::CalibrationData& one) {
      out.BeginObject();
      out.Member("Name", one.name);
      out.Member("People", one.people);
      out.EndObject();
    });
    json.Key("FalseMatchRateInterval");
    json.BeginObject();
    json.Member("Low", terms.rate->range.low);
    json.Member("High", terms.rate->range.high);
    json.EndObject();
  }
  json.EndObject();
}

}  // namespace

void WriteTerms(JsonWriter& json, const decision::Terms& terms, const decision::Scale& scale,
                bool age_not_supported) {
  json.Member("ThresholdApplied", terms.similarity);
  if (terms.rate) {
    json.Member("ThresholdFalseMatchRate", terms.rate->fmr);
    json.Member("ExpectedFalseMatches", terms.expected_false_matches);
  }
  WriteCalibration(json, terms, scale);
  if (!terms.warning.empty()) json.Member("Warning", terms.warning);
  if (age_not_supported) json.Member("CandidReason", decision::kAgeNotSupported);
}

void WriteFaceMatch(JsonWriter& json, const collections::Match& match,
                    const std::string& model_version) {
  json.BeginObject();
  json.Member("Similarity", match.similarity);
  WriteRate(json, match.rate);
  json.Key("Face");
  WriteStoredFace(json, match.face, model_version);
  json.EndObject();
}

}  // namespace candid::api
