// A photo of the size that a camera makes, from a small portrait.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "candid/image/decode.h"
#include "candid/image/encode.h"
#include "candid/image/resample.h"

namespace candid::bench {

// The person before gradients under a little noise, which compress as a photo does: a JPEG, four to
// three, whose face fills some 0.3 of `width`.
inline Result<Bytes> MakePhoto(const Bytes& portrait, int width) {
  constexpr int kWhole = 1664;  // where the person stands, in a photo of this width
  const auto scaled = [width](int pixels) { return pixels * width / kWhole; };
  const int height = width * 3 / 4, side = scaled(500), left = scaled(600), top = scaled(350);
  const auto row = static_cast<std::size_t>(width) * 3;
  image::Image photo{width, height, Bytes(row * static_cast<std::size_t>(height))};
  std::uint32_t random = 1;
  for (std::size_t i = 0; i < photo.rgb.size(); ++i) {
    random = random * 1664525 + 1013904223;
    const double wave = 100 * std::sin(static_cast<double>(i % row) / 300) *
                        std::cos(static_cast<double>(i / row) / 150);
    photo.rgb[i] = static_cast<std::uint8_t>(128 + wave + (random >> 28));
  }
  CANDID_ASSIGN(const auto source, image::Source::Open(portrait));
  CANDID_ASSIGN(const image::Image decoded, source.Decode());
  const image::Image person = image::Resize(decoded, side, side);
  for (int y = 0; y < side; ++y) {
    std::copy_n(person.row(y), side * 3, photo.row(y + top) + left * 3);
  }
  return image::EncodeJpeg(photo, 90);
}

}  // namespace candid::bench
