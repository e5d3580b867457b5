// Assess: how good a face's picture is, as figures that decide what it is used for.
#pragma once

#include <span>

#include "candid/face/face.h"
#include "candid/image/image.h"

namespace candid::face {

// A point of the face mesh, pixels; z grows away from the camera on the scale of x.
struct MeshPoint {
  float x = 0;
  float y = 0;
  float z = 0;
};

// From the 468-point mesh. A full profile reads as about 50 degrees of yaw (models.md section 13).
Pose PoseOf(std::span<const MeshPoint> mesh);

// Of the aligned chip. Brightness: mean luma (ITU-R BT.601) of the face's middle. Sharpness: the
// mean strength of detail at the scale of two pixels, on a logarithmic scale, so that a face
// enlarged to the chip from half its size loses about 20 points.
Quality QualityOf(const image::Image& chip);

// 0 to 1, the product of what size, sharpness, light, pose and presence leave of a perfect face.
float UsefulnessOf(const Face& face);

}  // namespace candid::face
