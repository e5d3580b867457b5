#include "candid/image/pixel_loops.h"

namespace candid::image {
namespace {

void Halve(const std::uint8_t* upper, const std::uint8_t* lower, int count, std::uint8_t* out) {
  for (int i = 0; i < count; ++i, upper += 6, lower += 6, out += 3) {
    for (int c = 0; c < 3; ++c) {
      const int sum = upper[c] + upper[c + 3] + lower[c] + lower[c + 3];
      out[c] = static_cast<std::uint8_t>((sum + 2) >> 2);
    }
  }
}

void Blend(const std::uint8_t* upper, const std::uint8_t* lower, int weight, int count,
           std::int16_t* out) {
  for (int i = 0; i < count; ++i) {
    out[i] = static_cast<std::int16_t>(upper[i] * (kWeightOne - weight) + lower[i] * weight);
  }
}

std::uint8_t Rounded(int sum) {
  constexpr int kBits = 2 * kWeightBits;
  return static_cast<std::uint8_t>((sum + (1 << (kBits - 1))) >> kBits);
}

void Pick(const std::int16_t* row, const Tap* taps, int count, std::uint8_t* out) {
  for (int i = 0; i < count; ++i, out += 3) {
    const Tap tap = taps[i];
    const std::int16_t* from = row + tap.offset;
    for (int c = 0; c < 3; ++c) out[c] = Rounded(from[c] * tap.left + from[c + 3] * tap.right);
  }
}

void Warp(const View& source, const Walk& walk, std::uint8_t border, int count, std::uint8_t* out) {
  const std::uint8_t outside[3] = {border, border, border};
  const auto tap = [&](int x, int y) {
    const bool inside = x >= 0 && x < source.width && y >= 0 && y < source.height;
    return inside ? source.at(x, y) : outside;
  };
  std::int64_t at_x = walk.x;
  std::int64_t at_y = walk.y;
  for (int i = 0; i < count; ++i, out += 3, at_x += walk.step_x, at_y += walk.step_y) {
    const int x = static_cast<int>(at_x >> 32);
    const int y = static_cast<int>(at_y >> 32);
    const int right = static_cast<int>(at_x >> (32 - kWeightBits)) & (kWeightOne - 1);
    const int down = static_cast<int>(at_y >> (32 - kWeightBits)) & (kWeightOne - 1);
    const std::uint8_t* taps[] = {tap(x, y), tap(x + 1, y), tap(x, y + 1), tap(x + 1, y + 1)};
    for (int c = 0; c < 3; ++c) {
      const int first = taps[0][c] * (kWeightOne - down) + taps[2][c] * down;
      const int second = taps[1][c] * (kWeightOne - down) + taps[3][c] * down;
      out[c] = Rounded(first * (kWeightOne - right) + second * right);
    }
  }
}

void Planar(const std::uint8_t* rgb, int count, const std::array<float, 3>& mean,
            const std::array<float, 3>& scale, const std::array<float*, 3>& planes) {
  for (int i = 0; i < count; ++i) {
    for (std::size_t c = 0; c < 3; ++c)
      planes[c][i] = (static_cast<float>(rgb[3 * i + static_cast<int>(c)]) - mean[c]) * scale[c];
  }
}

constexpr PixelLoops kPlain{Halve, Blend, Pick, Warp, Planar};

}  // namespace

const PixelLoops& PlainLoops() { return kPlain; }

const PixelLoops& BestLoops() {
  static const PixelLoops& best = Avx2Loops() != nullptr ? *Avx2Loops() : kPlain;
  return best;
}

}  // namespace candid::image
