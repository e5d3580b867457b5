// Resample: pictures to the sizes and places the networks want.
//
// Coordinates: the centre of the first pixel is (0.5, 0.5), so a picture scales about its corner.
#pragma once

#include <array>
#include <span>

#include "candid/image/image.h"

namespace candid::image {

// x' = a x + b y + c;  y' = d x + e y + f.
struct Affine {
  double a = 1, b = 0, c = 0;
  double d = 0, e = 1, f = 0;
};

Affine Inverse(const Affine& map);
Affine Compose(const Affine& outer, const Affine& inner);  // outer(inner(p))

// Every 2 x 2 pixels averaged into one; an odd side is rounded up, its last pixels standing double.
// Point p of the result shows point 2 p of the source.
Image Halve(const Image& source);

// Bilinear; where the picture shrinks by more than 2 it is halved by averaging first, so that
// nothing aliases. Both sides at least 1.
Image Resize(const Image& source, int width, int height);

// The picture seen through `to_source`, which maps a point of the result to a point of `source`.
// Bilinear with the same halving as Resize; outside the source is `border` grey.
Image Warp(const Image& source, const Affine& to_source, int width, int height,
           std::uint8_t border = 0);

enum class ChannelOrder { kRgb, kBgr };

// How a network wants its pixels: (value - mean[c]) * scale[c], c in the order it asks for.
struct Normalisation {
  ChannelOrder order = ChannelOrder::kRgb;
  std::array<float, 3> mean{0, 0, 0};
  std::array<float, 3> scale{1, 1, 1};
};

// Writes 3 x height x width floats (NCHW without the N). `planar` must have just that size.
void ToPlanar(const Image& source, const Normalisation& normalisation, std::span<float> planar);

// The picture mirrored left to right.
Image Mirror(const Image& source);

}  // namespace candid::image
