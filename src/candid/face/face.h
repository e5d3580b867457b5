// Face: what is known of one face in one picture. "Left" is always left in the picture.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "candid/base/figures.h"
#include "candid/face/attributes.h"

namespace candid::face {

// Pixels of the upright picture; the first pixel's centre is (0.5, 0.5).
struct Point {
  float x = 0;
  float y = 0;
};

// Pixels of the upright picture; may reach beyond it where the border cuts the face.
struct Box {
  float left = 0;
  float top = 0;
  float width = 0;
  float height = 0;

  float area() const { return width * height; }
};

// Degrees. Roll: clockwise in the picture is positive. Yaw: nose to the right of the picture is
// positive. Pitch: face turned up is positive.
struct Pose {
  float roll = 0;
  float yaw = 0;
  float pitch = 0;
};

// 0 to 100 each, Rekognition's scale.
struct Quality {
  float brightness = 0;
  float sharpness = 0;
};

// In the order of Face::landmarks.
enum LandmarkIndex { kEyeLeft, kEyeRight, kNose, kMouthLeft, kMouthRight, kLandmarkCount };

struct Face {
  Box box;
  float confidence = 0;  // 0 to 1, that it is a face at all
  std::array<Point, kLandmarkCount> landmarks;
  Pose pose;
  Quality quality;
  // 0 to 1: how much a template made of this face can be trusted (assess.h says of what it is the
  // share); orders faces, drives QualityFilter.
  float usefulness = 0;
  // Where they were asked for: points in the order of kAllLandmarkNames, and what is seen.
  std::vector<Point> all_landmarks;
  Attributes attributes;
};

// Rekognition's names.
inline constexpr std::array<std::string_view, 30> kAllLandmarkNames{"eyeLeft",
                                                                    "eyeRight",
                                                                    "mouthLeft",
                                                                    "mouthRight",
                                                                    "nose",
                                                                    "leftPupil",
                                                                    "rightPupil",
                                                                    "leftEyeBrowLeft",
                                                                    "leftEyeBrowUp",
                                                                    "leftEyeBrowRight",
                                                                    "rightEyeBrowLeft",
                                                                    "rightEyeBrowUp",
                                                                    "rightEyeBrowRight",
                                                                    "leftEyeLeft",
                                                                    "leftEyeRight",
                                                                    "leftEyeUp",
                                                                    "leftEyeDown",
                                                                    "rightEyeLeft",
                                                                    "rightEyeRight",
                                                                    "rightEyeUp",
                                                                    "rightEyeDown",
                                                                    "noseLeft",
                                                                    "noseRight",
                                                                    "mouthUp",
                                                                    "mouthDown",
                                                                    "upperJawlineLeft",
                                                                    "midJawlineLeft",
                                                                    "chinBottom",
                                                                    "midJawlineRight",
                                                                    "upperJawlineRight"};

struct Template {
  std::vector<float> values;  // unit length, the pipeline's dimension
  Figures figures;            // neutral where the pack has no score part
  std::optional<float> age;   // years, expected value; none where the pack does not estimate it

  bool operator==(const Template&) const = default;
};

}  // namespace candid::face
