// Activation: the one form that Relu, LeakyRelu, PRelu and Clip share.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "candid/infer/model.h"

namespace candid::infer {

struct Node;

// y = clamp(x < 0 ? slope[c] * x : x, low, high).
struct Activation {
  std::vector<float> slope;  // empty: 1 everywhere; one: every channel; else one a channel
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();

  bool bounded() const {
    return low != -std::numeric_limits<float>::infinity() ||
           high != std::numeric_limits<float>::infinity();
  }
  bool identity() const { return slope.empty() && !bounded(); }
};

// The activation that `node` is, none if it is something else or its parameters are not constant.
// PRelu slopes may be a scalar, [C,1,1], [1,C,1,1] or, as MXNet writes them, [C].
std::optional<Activation> ActivationOf(const Model::Graph& graph, const Node& node);

}  // namespace candid::infer
