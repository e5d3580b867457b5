#include "candid/image/orientation.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace candid::image {
namespace {

// Orientation is a transposition (5-8) after these mirrorings of the stored axes.
bool FlipsX(int orientation) {
  return orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
}
bool FlipsY(int orientation) {
  return orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
}

}  // namespace

Image Upright(Image stored, int orientation) {
  if (orientation == 1) return stored;
  Image upright;
  upright.width = Transposes(orientation) ? stored.height : stored.width;
  upright.height = Transposes(orientation) ? stored.width : stored.height;
  upright.rgb.resize(stored.rgb.size());
  // Bytes from one stored pixel to the one right of it and below it, walked in upright order.
  const std::ptrdiff_t pitch = static_cast<std::ptrdiff_t>(stored.width) * 3;
  std::ptrdiff_t right = FlipsX(orientation) ? -3 : 3;
  std::ptrdiff_t down = FlipsY(orientation) ? -pitch : pitch;
  const std::ptrdiff_t origin = (FlipsX(orientation) ? pitch - 3 : 0) +
                                (FlipsY(orientation) ? pitch * (stored.height - 1) : 0);
  if (Transposes(orientation)) std::swap(right, down);
  // In tiles, so that a transposition does not touch a cache line anew for every pixel.
  constexpr int kTile = 32;
  for (int top = 0; top < upright.height; top += kTile) {
    const int bottom = std::min(top + kTile, upright.height);
    for (int left = 0; left < upright.width; left += kTile) {
      const int end = std::min(left + kTile, upright.width);
      for (int y = top; y < bottom; ++y) {
        std::uint8_t* to = upright.row(y) + static_cast<std::ptrdiff_t>(left) * 3;
        const std::uint8_t* from = stored.rgb.data() + origin + y * down + left * right;
        for (int x = left; x < end; ++x, to += 3, from += right) {
          to[0] = from[0];
          to[1] = from[1];
          to[2] = from[2];
        }
      }
    }
  }
  return upright;
}

Rect StoredRect(const Rect& upright, int width, int height, int orientation) {
  Rect stored = upright;
  if (Transposes(orientation)) stored = {upright.y, upright.x, upright.height, upright.width};
  if (FlipsX(orientation)) stored.x = width - stored.x - stored.width;
  if (FlipsY(orientation)) stored.y = height - stored.y - stored.height;
  return stored;
}

}  // namespace candid::image
