// EXIF orientation 1-8: how the stored picture lies to the upright one.
#pragma once

#include "candid/image/image.h"

namespace candid::image {

// Whether orientation 1-8 swaps width and height.
constexpr bool Transposes(int orientation) { return orientation >= 5; }

// The stored picture, upright. Orientation 1 moves it without a copy.
Image Upright(Image stored, int orientation);

// The rectangle of the stored picture, `width` x `height` as stored, that shows as `upright`.
Rect StoredRect(const Rect& upright, int width, int height, int orientation);

}  // namespace candid::image
