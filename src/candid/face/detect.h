// Detect: where the faces of a picture are.
#pragma once

#include <vector>

#include "candid/face/blazeface.h"
#include "candid/face/network.h"

namespace candid::face {

// How the detector looks at a picture of a given size: the whole of it in the network's own small
// square, and, where faces of the asked size would be too small in there, once more at a larger
// input of the picture's own aspect.
struct DetectPlan {
  int second_width = 0;  // 0: the first look sees everything
  int second_height = 0;
};

// Sides in pixels. `min_face_px`: the smallest face to be found.
DetectPlan PlanDetection(int width, int height, float min_face_px);

// Detections in pixels of `picture`, best first. Candidates only: Landmarks' presence test follows.
Result<std::vector<Detection>> Detect(Network& network, const image::Image& picture,
                                      const DetectPlan& plan);

}  // namespace candid::face
