#include "candid/collections/selection.h"

#include <algorithm>
#include <cmath>

namespace candid::collections {
namespace {

// Least usefulness by filter: the share of comparisons that a face can be expected to pass. AUTO
// keeps what will rather be recognised than not (docs/quality.md says what that keeps).
float LeastUsefulness(QualityFilter filter) {
  switch (filter) {
    case QualityFilter::kNone:
      return 0;
    case QualityFilter::kLow:
      return 0.25f;
    case QualityFilter::kAuto:
      return 0.5f;
    case QualityFilter::kMedium:
      return 0.75f;
    case QualityFilter::kHigh:
      return 0.9f;
  }
  return 0;
}

std::vector<Reason> ReasonsOf(const face::Face& face) {
  std::vector<Reason> reasons;
  if (std::abs(face.pose.yaw) > 60 || std::abs(face.pose.pitch) > 45) {
    reasons.push_back(Reason::kExtremePose);
  }
  if (face.quality.brightness < 20) reasons.push_back(Reason::kLowBrightness);
  if (face.quality.sharpness < 10) reasons.push_back(Reason::kLowSharpness);
  if (face.confidence < 0.7f) reasons.push_back(Reason::kLowConfidence);
  if (std::min(face.box.width, face.box.height) < 32) {
    reasons.push_back(Reason::kSmallBoundingBox);
  }
  if (reasons.empty()) reasons.push_back(Reason::kLowFaceQuality);
  return reasons;
}

}  // namespace

Selection Select(std::span<const face::Face> faces, QualityFilter filter,
                 std::optional<std::size_t> max_faces) {
  Selection selection;
  const float least = LeastUsefulness(filter);
  for (std::size_t i = 0; i < faces.size(); ++i) {
    if (faces[i].usefulness >= least) {
      selection.chosen.push_back(i);
    } else {
      selection.refused.push_back({i, ReasonsOf(faces[i])});
    }
  }
  if (!max_faces || selection.chosen.size() <= *max_faces) return selection;
  std::stable_sort(selection.chosen.begin(), selection.chosen.end(),
                   [&](std::size_t a, std::size_t b) {
                     if (faces[a].usefulness != faces[b].usefulness) {
                       return faces[a].usefulness > faces[b].usefulness;
                     }
                     return faces[a].box.area() > faces[b].box.area();
                   });
  for (std::size_t i = *max_faces; i < selection.chosen.size(); ++i) {
    selection.refused.push_back({selection.chosen[i], {Reason::kExceedsMaxFaces}});
  }
  selection.chosen.resize(*max_faces);
  std::sort(selection.chosen.begin(), selection.chosen.end());
  std::sort(selection.refused.begin(), selection.refused.end(),
            [](const Refused& a, const Refused& b) { return a.face < b.face; });
  return selection;
}

}  // namespace candid::collections
