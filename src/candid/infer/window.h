// Window: how a convolution or pooling moves over height and width.
#pragma once

#include <cstdint>

#include "candid/infer/graph.h"

namespace candid::infer {

// Index 0 is height, 1 is width. Pads may be negative nowhere; sizes fit 32 bits by construction.
struct Window {
  std::int64_t kernel[2] = {1, 1};
  std::int64_t stride[2] = {1, 1};
  std::int64_t dilation[2] = {1, 1};
  std::int64_t begin[2] = {0, 0};  // padding above and left
  std::int64_t end[2] = {0, 0};    // padding below and right
  std::int64_t output[2] = {0, 0};

  bool padded() const { return begin[0] != 0 || begin[1] != 0 || end[0] != 0 || end[1] != 0; }
};

// From the node's attributes (auto_pad resolved) for an input of shape NCHW; `kernel` is the
// weights' own where they say it (Conv), else null. Global pools cover the whole input.
Result<Window> WindowOf(const Node& node, const Shape& input, const std::int64_t* kernel);

// Whether a Conv pads at all, known without sizes. auto_pad counts as padding.
bool HasPadding(const Node& node);

}  // namespace candid::infer
