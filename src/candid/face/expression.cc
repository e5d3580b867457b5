#include "candid/face/expression.h"

#include <array>
#include <cmath>

#include "candid/face/align.h"
#include "candid/face/landmarks.h"

namespace candid::face {
namespace {

// MediaPipe's numbering, as in landmarks.cc. tools/fit_attributes relies on this order.
constexpr std::array<std::size_t, (kExpressionSize - 3) / 2> kPoints{
    61,  291, 0,   17,  13,  14,  37,  267, 84, 314, 40, 270, 91, 321, 78, 308,  // mouth
    82,  312, 87,  317,                                                          //
    33,  133, 159, 145, 160, 144, 158, 153,                                      // left eye
    362, 263, 386, 374, 385, 380, 387, 373,                                      // right eye
    70,  105, 107, 336, 334, 300,                                                // brows
    50,  280, 205, 425};                                                         // cheeks

// How far two lids or lips are apart, over the width between two corners; an opening of nothing
// still has a logarithm.
float Opening(const std::vector<MeshPoint>& mesh, std::size_t up, std::size_t down,
              std::size_t left, std::size_t right) {
  const auto between = [&](std::size_t a, std::size_t b) {
    return std::hypot(mesh[a].x - mesh[b].x, mesh[a].y - mesh[b].y);
  };
  return std::log(between(up, down) / std::max(between(left, right), 1e-3F) + 0.01F);
}

}  // namespace

std::vector<float> ExpressionOf(const std::vector<MeshPoint>& mesh) {
  std::vector<float> figures{Opening(mesh, 13, 14, 61, 291), Opening(mesh, 159, 145, 33, 133),
                             Opening(mesh, 386, 374, 362, 263)};
  const image::Affine to_chip = image::Inverse(ChipToPicture(LandmarksOf(mesh)));
  constexpr float kHalf = kChipSize / 2.0F;
  for (const std::size_t index : kPoints) {
    const Point point = Apply(to_chip, {mesh[index].x, mesh[index].y});
    figures.push_back(point.x / kHalf - 1);
    figures.push_back(point.y / kHalf - 1);
  }
  return figures;
}

}  // namespace candid::face
