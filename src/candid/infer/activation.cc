#include "candid/infer/activation.h"

#include <algorithm>

#include "candid/infer/graph.h"

namespace candid::infer {
namespace {

// A missing bound keeps the fallback; none when the bound is computed at run time.
std::optional<float> Bound(const Graph& graph, const Node& node, std::size_t input,
                           std::string_view attribute, float fallback) {
  if (!node.Has(input)) return node.Float(attribute, fallback);
  const Tensor* bound = graph.Constant(node, input);
  if (bound == nullptr || bound->integer || bound->size() != 1) return std::nullopt;
  return bound->floats[0];
}

}  // namespace

std::optional<Activation> ActivationOf(const Graph& graph, const Node& node) {
  Activation activation;
  switch (node.op) {
    case Op::kRelu:
      activation.slope = {0};
      return activation;
    case Op::kLeakyRelu:
      activation.slope = {node.Float("alpha", 0.01F)};
      return activation;
    case Op::kPRelu: {
      const Tensor* slope = graph.Constant(node, 1);
      if (slope == nullptr || slope->integer || slope->size() == 0) return std::nullopt;
      if (std::ranges::count_if(slope->shape, [](auto size) { return size != 1; }) > 1) {
        return std::nullopt;
      }
      activation.slope = slope->floats;
      return activation;
    }
    case Op::kClip: {
      const auto low = Bound(graph, node, 1, "min", activation.low);
      const auto high = Bound(graph, node, 2, "max", activation.high);
      if (!low || !high) return std::nullopt;
      activation.low = *low;
      activation.high = *high;
      return activation;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace candid::infer
