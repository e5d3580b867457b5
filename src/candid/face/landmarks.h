// Landmarks: a detection becomes a face with 468 mesh points, or turns out to be none.
#pragma once

#include <optional>
#include <vector>

#include "candid/face/assess.h"
#include "candid/face/blazeface.h"
#include "candid/face/network.h"

namespace candid::face {

struct Mesh {
  std::vector<MeshPoint> points;  // pixels of the picture
  float presence = 0;             // 0 to 1, that there is a face in the crop
};

// Looks twice: at a crop that the detection gives, then at one that the first mesh gives.
Result<Mesh> FindLandmarks(Network& network, const image::Image& picture,
                           const Detection& detection);

// The eyes, the nose and the corners of the mouth.
std::array<Point, kLandmarkCount> LandmarksOf(const std::vector<MeshPoint>& mesh);

// In the order of kAllLandmarkNames. The mesh does not see the pupils: theirs are the middles
// between the lids (docs/attributes.md says how near).
std::vector<Point> AllLandmarksOf(const std::vector<MeshPoint>& mesh);

// The upright box around all points.
Box BoxOf(const std::vector<MeshPoint>& mesh);

}  // namespace candid::face
