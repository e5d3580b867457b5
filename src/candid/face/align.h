// Align: a face's five landmarks decide the chip that the embedder sees.
#pragma once

#include <array>
#include <span>

#include "candid/face/face.h"
#include "candid/image/image.h"
#include "candid/image/resample.h"

namespace candid::face {

// Side of the chip, pixels.
inline constexpr int kChipSize = 112;

// The similarity (rotation, one scale, shift) that maps `from` to `to` with the least sum of
// squared distances (Umeyama 1991, "Least-squares estimation of transformation parameters between
// two point patterns", eq. 40-43, without reflection). Sizes equal and at least 2.
image::Affine FitSimilarity(std::span<const Point> from, std::span<const Point> to);

Point Apply(const image::Affine& map, const Point& point);

// Maps chip pixels to picture pixels, so that the landmarks fall on the five points of the 112 x
// 112 template that ArcFace networks are trained with, moved by half a pixel (align.cc says why).
image::Affine ChipToPicture(const std::array<Point, kLandmarkCount>& landmarks);

}  // namespace candid::face
