// Expression: the form of mouth, eyes and brows, as figures for the attributes network.
#pragma once

#include <span>
#include <vector>

#include "candid/face/assess.h"

namespace candid::face {

// The logarithms of how far mouth, left and right eye are open, relative to their widths; then x
// and y of 46 mesh points in the frame of the aligned chip, in half chips from its middle. So
// neither place, size nor roll of the face matter.
inline constexpr std::size_t kExpressionSize = 3 + 2 * 46;
std::vector<float> ExpressionOf(const std::vector<MeshPoint>& mesh);

}  // namespace candid::face
