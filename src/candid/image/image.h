// Image: upright pixels, the only form in which the rest of the house sees a picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace candid::image {

// Red, green, blue, 8 bits each, rows top to bottom without padding; sRGB assumed.
struct Image {
  int width = 0;                  // pixels
  int height = 0;                 // pixels
  std::vector<std::uint8_t> rgb;  // height x width x 3

  const std::uint8_t* row(int y) const {
    return rgb.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width) * 3;
  }
  std::uint8_t* row(int y) {
    return rgb.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width) * 3;
  }
};

// A rectangle of whole pixels in the upright picture; may reach beyond it where that is said.
struct Rect {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

}  // namespace candid::image
