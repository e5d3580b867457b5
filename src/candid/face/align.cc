#include "candid/face/align.h"

#include <cmath>

#include "candid/base/check.h"

namespace candid::face {
namespace {

// Eye left, eye right, nose, mouth left, mouth right in the 112 x 112 chip (Deng and others 2019,
// "ArcFace"; the template of its public reference code), half a pixel up and left: with the mesh's
// points the embedder tells more people apart there (docs/accuracy.md, "What was chosen").
constexpr std::array<Point, kLandmarkCount> kChipLandmarks{{{37.7946f, 51.1963f},
                                                            {73.0318f, 51.0014f},
                                                            {55.5252f, 71.2366f},
                                                            {41.0493f, 91.8655f},
                                                            {70.2299f, 91.7041f}}};

}  // namespace

image::Affine FitSimilarity(std::span<const Point> from, std::span<const Point> to) {
  CANDID_CHECK(from.size() == to.size() && from.size() >= 2);
  const double count = static_cast<double>(from.size());
  double from_x = 0, from_y = 0, to_x = 0, to_y = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    from_x += from[i].x / count;
    from_y += from[i].y / count;
    to_x += to[i].x / count;
    to_y += to[i].y / count;
  }
  // In the plane the best rotation and scale have a closed form: complex regression of the centred
  // points.
  double dot = 0, cross = 0, spread = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const double x = from[i].x - from_x, y = from[i].y - from_y;
    const double u = to[i].x - to_x, v = to[i].y - to_y;
    dot += x * u + y * v;
    cross += x * v - y * u;
    spread += x * x + y * y;
  }
  // Points that all coincide carry no scale; a shift is all that can be said.
  const double a = spread > 0 ? dot / spread : 1;
  const double b = spread > 0 ? cross / spread : 0;
  return {a, -b, to_x - a * from_x + b * from_y, b, a, to_y - b * from_x - a * from_y};
}

Point Apply(const image::Affine& map, const Point& point) {
  return {static_cast<float>(map.a * point.x + map.b * point.y + map.c),
          static_cast<float>(map.d * point.x + map.e * point.y + map.f)};
}

image::Affine ChipToPicture(const std::array<Point, kLandmarkCount>& landmarks) {
  return image::Inverse(FitSimilarity(landmarks, kChipLandmarks));
}

}  // namespace candid::face
