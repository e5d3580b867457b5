// Assess: how good a face's picture is, as figures that decide what it is used for.
#pragma once

#include <array>
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

// From the 468-point mesh; 0 each for a face that looks into the camera. A full profile reads as
// about 50 degrees of yaw (models.md section 13).
Pose PoseOf(std::span<const MeshPoint> mesh);

// Of the aligned chip. Brightness: mean luma (ITU-R BT.601) of the face's middle. Sharpness: the
// mean strength of detail at the scale of two pixels, on a logarithmic scale, so that a face
// enlarged to the chip from half its size loses about 20 points.
Quality QualityOf(const image::Image& chip);

// How far a face is from one that has nothing wrong with it, by kind: 0 where that is no matter,
// about 1 (kSmall: 2) where it is as bad as it comes. In the order of FaultsOf.
enum Fault { kSmall, kBlurred, kDark, kBright, kTurned, kTilted, kDoubtful, kFaultCount };
std::array<double, kFaultCount> FaultsOf(const Face& face);

// 0 to 1: of comparisons with ordinary photos of the same person, the share that a template of this
// face passes at a false-match rate of 1e-4. A logistic regression over the faults, fitted and
// measured by tests/accuracy/usefulness_bench (docs/quality.md).
double UsefulnessOf(const std::array<double, kFaultCount>& faults);

}  // namespace candid::face
