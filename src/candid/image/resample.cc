#include "candid/image/resample.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <vector>

#include "candid/base/check.h"
#include "candid/image/pixel_loops.h"

namespace candid::image {
namespace {

Image Blank(int width, int height) {
  Image image{width, height, {}};
  image.rgb.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  return image;
}

View ViewOf(const Image& image) {
  return {image.rgb.data(), image.width, image.height,
          static_cast<std::ptrdiff_t>(image.width) * 3};
}

Image Halved(const View& source) {
  Image half = Blank((source.width + 1) / 2, (source.height + 1) / 2);
  const PixelLoops& loops = BestLoops();
  for (int y = 0; y < half.height; ++y) {
    const std::uint8_t* upper = source.at(0, 2 * y);
    const std::uint8_t* lower = source.at(0, std::min(2 * y + 1, source.height - 1));
    loops.halve(upper, lower, source.width / 2, half.row(y));
    if (source.width % 2 == 0) continue;
    const std::ptrdiff_t last = static_cast<std::ptrdiff_t>(source.width - 1) * 3;
    std::uint8_t* out = half.row(y) + static_cast<std::ptrdiff_t>(half.width - 1) * 3;
    for (int c = 0; c < 3; ++c)
      out[c] = static_cast<std::uint8_t>((upper[last + c] + lower[last + c] + 1) >> 1);
  }
  return half;
}

// How often a picture that shrinks `shrink` times is halved before it is interpolated.
int Halvings(double shrink) {
  int halvings = 0;
  for (; shrink > 2 && halvings < 16; shrink /= 2) ++halvings;
  return halvings;
}

Tap TapAt(double position, int size) {
  const double clamped = std::clamp(position, 0.0, static_cast<double>(size - 1));
  const int first = std::min(static_cast<int>(clamped), std::max(size - 2, 0));
  const auto right = static_cast<std::int16_t>(std::lround((clamped - first) * kWeightOne));
  return {first, static_cast<std::int16_t>(kWeightOne - right), right};
}

// `scale` source pixels a result pixel, along x and y; beyond its edges the source goes on as
// there.
Image Interpolate(const View& source, double scale_x, double scale_y, int width, int height) {
  std::vector<Tap> columns(static_cast<std::size_t>(width));
  for (int x = 0; x < width; ++x) {
    Tap tap = TapAt((x + 0.5) * scale_x - 0.5, source.width);
    tap.offset *= 3;
    columns[static_cast<std::size_t>(x)] = tap;
  }
  const int elements = source.width * 3;
  // A pixel more, as a picture one pixel wide has no right neighbour, and what vectors read beyond.
  std::vector<std::int16_t> blended(static_cast<std::size_t>(elements) + 8);
  Image result = Blank(width, height);
  const PixelLoops& loops = BestLoops();
  for (int y = 0; y < height; ++y) {
    const Tap tap = TapAt((y + 0.5) * scale_y - 0.5, source.height);
    const std::uint8_t* lower = source.at(0, std::min(tap.offset + 1, source.height - 1));
    loops.blend(source.at(0, tap.offset), lower, tap.right, elements, blended.data());
    loops.pick(blended.data(), columns.data(), width, result.row(y));
  }
  return result;
}

struct Box {
  double left, top, right, bottom;
};

// What of the source the result's pixels show.
Box Footprint(const Affine& map, int width, int height) {
  Box box{INFINITY, INFINITY, -INFINITY, -INFINITY};
  for (const double u : {0.0, static_cast<double>(width)}) {
    for (const double v : {0.0, static_cast<double>(height)}) {
      const double x = map.a * u + map.b * v + map.c;
      const double y = map.d * u + map.e * v + map.f;
      box = {std::min(box.left, x), std::min(box.top, y), std::max(box.right, x),
             std::max(box.bottom, y)};
    }
  }
  return box;
}

// The part of `source` that the footprint touches, its corner at a multiple of `grid`, with room
// for the interpolation's neighbours. Empty where they do not meet.
Rect Touched(const View& source, const Box& box, int grid) {
  const auto bound = [&](double value, int size) {
    return static_cast<int>(std::clamp(value, 0.0, static_cast<double>(size)));
  };
  const double margin = 2.0 * grid;
  const int left = bound(box.left - margin, source.width) / grid * grid;
  const int top = bound(box.top - margin, source.height) / grid * grid;
  return {left, top, bound(std::ceil(box.right) + margin, source.width) - left,
          bound(std::ceil(box.bottom) + margin, source.height) - top};
}

std::int64_t Fixed(double value, double most) {
  const double bounded = std::isnan(value) ? -most : std::clamp(value, -most, most);
  return std::llround(bounded * 4294967296.0);
}

void WarpRows(const View& source, const Affine& map, std::uint8_t border, Image& result) {
  // Bounds that no sum of steps carries out of 64 bits; what lies beyond is border anyway.
  constexpr double kFar = 1 << 29;
  constexpr double kStride = 1 << 12;
  for (int v = 0; v < result.height; ++v) {
    const double x = map.a * 0.5 + map.b * (v + 0.5) + map.c - 0.5;
    const double y = map.d * 0.5 + map.e * (v + 0.5) + map.f - 0.5;
    // Half a weight on top, as the loops cut the fraction off.
    constexpr std::int64_t kHalfWeight = std::int64_t{1} << (31 - kWeightBits);
    const Walk walk{Fixed(x, kFar) + kHalfWeight, Fixed(y, kFar) + kHalfWeight,
                    Fixed(map.a, kStride), Fixed(map.d, kStride)};
    BestLoops().warp(source, walk, border, result.width, result.row(v));
  }
}

}  // namespace

Affine Inverse(const Affine& map) {
  const double determinant = map.a * map.e - map.b * map.d;
  const double a = map.e / determinant;
  const double b = -map.b / determinant;
  const double d = -map.d / determinant;
  const double e = map.a / determinant;
  return {a, b, -(a * map.c + b * map.f), d, e, -(d * map.c + e * map.f)};
}

Affine Compose(const Affine& outer, const Affine& inner) {
  return {outer.a * inner.a + outer.b * inner.d,
          outer.a * inner.b + outer.b * inner.e,
          outer.a * inner.c + outer.b * inner.f + outer.c,
          outer.d * inner.a + outer.e * inner.d,
          outer.d * inner.b + outer.e * inner.e,
          outer.d * inner.c + outer.e * inner.f + outer.f};
}

Image Halve(const Image& source) { return Halved(ViewOf(source)); }

Image Resize(const Image& source, int width, int height) {
  CANDID_CHECK(source.width > 0 && source.height > 0 && width > 0 && height > 0);
  if (width == source.width && height == source.height) return source;
  double scale_x = static_cast<double>(source.width) / width;
  double scale_y = static_cast<double>(source.height) / height;
  View level = ViewOf(source);
  Image halved;
  for (int i = Halvings(std::min(scale_x, scale_y)); i > 0; --i) {
    halved = Halved(level);
    level = ViewOf(halved);
    scale_x /= 2;
    scale_y /= 2;
  }
  return Interpolate(level, scale_x, scale_y, width, height);
}

Image Warp(const Image& source, const Affine& to_source, int width, int height,
           std::uint8_t border) {
  CANDID_CHECK(width > 0 && height > 0);
  Image result = Blank(width, height);
  Affine map = to_source;
  View level = ViewOf(source);
  Image halved;
  const double area = std::abs(map.a * map.e - map.b * map.d);
  if (const int halvings = Halvings(std::sqrt(area)); halvings > 0) {
    const Rect part = Touched(level, Footprint(map, width, height), 1 << halvings);
    if (part.width <= 0 || part.height <= 0) {
      std::fill(result.rgb.begin(), result.rgb.end(), border);
      return result;
    }
    level = {level.at(part.x, part.y), part.width, part.height, level.pitch};
    map = Compose({1, 0, -static_cast<double>(part.x), 0, 1, -static_cast<double>(part.y)}, map);
    for (int i = 0; i < halvings; ++i) {
      halved = Halved(level);
      level = ViewOf(halved);
      map = Compose({0.5, 0, 0, 0, 0.5, 0}, map);
    }
  }
  WarpRows(level, map, border, result);
  return result;
}

Image Mirror(const Image& source) {
  Image mirrored = Blank(source.width, source.height);
  for (int y = 0; y < source.height; ++y) {
    const std::uint8_t* from = source.row(y);
    std::uint8_t* to = mirrored.row(y) + static_cast<std::ptrdiff_t>(source.width) * 3;
    for (int x = 0; x < source.width; ++x, from += 3) {
      to -= 3;
      to[0] = from[0];
      to[1] = from[1];
      to[2] = from[2];
    }
  }
  return mirrored;
}

void ToPlanar(const Image& source, const Normalisation& normalisation, std::span<float> planar) {
  const std::size_t plane =
      static_cast<std::size_t>(source.width) * static_cast<std::size_t>(source.height);
  CANDID_CHECK(planar.size() == 3 * plane);
  // The loop goes by the source's order; the result's planes, means and scales follow.
  std::array<float, 3> mean = normalisation.mean;
  std::array<float, 3> scale = normalisation.scale;
  std::array<float*, 3> planes{planar.data(), planar.data() + plane, planar.data() + 2 * plane};
  if (normalisation.order == ChannelOrder::kBgr) {
    std::swap(mean[0], mean[2]);
    std::swap(scale[0], scale[2]);
    std::swap(planes[0], planes[2]);
  }
  for (int y = 0; y < source.height; ++y) {
    BestLoops().planar(source.row(y), source.width, mean, scale, planes);
    for (float*& p : planes) p += source.width;
  }
}

}  // namespace candid::image
