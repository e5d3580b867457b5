// The inner loops over interleaved RGB, in a plain form and in one for AVX2. Both give the same
// bits; the choice is made once, by the CPU.
//
// Weights are in 128ths: a row blended down and then across keeps 14 fraction bits of an int.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace candid::image {

constexpr int kWeightBits = 7;
constexpr int kWeightOne = 1 << kWeightBits;

// Pixels somewhere else, rows `pitch` bytes apart. Borrows them.
struct View {
  const std::uint8_t* data = nullptr;
  int width = 0;
  int height = 0;
  std::ptrdiff_t pitch = 0;

  const std::uint8_t* at(int x, int y) const {
    return data + y * pitch + static_cast<std::ptrdiff_t>(x) * 3;
  }
};

// Where a column of a resized row comes from: this element of the source row and the one a pixel
// on.
struct Tap {
  std::int32_t offset = 0;  // of the left pixel's red
  std::int16_t left = 0;    // weights, together kWeightOne
  std::int16_t right = 0;
};

// A row of a warped picture: where its first pixel's centre lies in the source, less half a pixel,
// and the step to the next, in units of 2^-32 pixel.
struct Walk {
  std::int64_t x = 0;
  std::int64_t y = 0;
  std::int64_t step_x = 0;
  std::int64_t step_y = 0;
};

struct PixelLoops {
  // Two rows of 2 * `count` pixels become one of `count`, each the rounded mean of four.
  void (*halve)(const std::uint8_t* upper, const std::uint8_t* lower, int count, std::uint8_t* out);

  // out[i] = upper[i] * (kWeightOne - weight) + lower[i] * weight.
  void (*blend)(const std::uint8_t* upper, const std::uint8_t* lower, int weight, int count,
                std::int16_t* out);

  // `row` holds blended elements and 4 more that may be read. Writes `count` pixels.
  void (*pick)(const std::int16_t* row, const Tap* taps, int count, std::uint8_t* out);

  // Writes `count` pixels; taps outside the source are `border`.
  void (*warp)(const View& source, const Walk& walk, std::uint8_t border, int count,
               std::uint8_t* out);

  // planes[c][i] = (rgb[3 i + c] - mean[c]) * scale[c].
  void (*planar)(const std::uint8_t* rgb, int count, const std::array<float, 3>& mean,
                 const std::array<float, 3>& scale, const std::array<float*, 3>& planes);
};

const PixelLoops& PlainLoops();
const PixelLoops* Avx2Loops();  // null where the CPU has none
const PixelLoops& BestLoops();

}  // namespace candid::image
