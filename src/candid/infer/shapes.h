// InferShapes: every value's shape from the inputs' shapes; what turns out constant is computed.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "candid/infer/graph.h"

namespace candid::infer {

// Sets Value::shape everywhere, folds nodes whose inputs are all constant (Shape of anything
// included) and removes them. `input_shapes` overrides the declared shapes by input name.
// kInvalidArgument: a name that is no input, a free size left open, or a shape of another rank.
Status InferShapes(Graph* graph, const std::map<std::string, Shape>& input_shapes);

// Spatial padding or channel padding of a Pad node: two numbers per dimension, begins then ends.
Result<std::vector<std::int64_t>> PadsOf(const Graph& graph, const Node& node);

// The axes of a Squeeze or Unsqueeze node, from its input or its attribute.
Result<std::vector<std::int64_t>> AxesOf(const Graph& graph, const Node& node);

// Whole factors, one a dimension, of a nearest-neighbour Resize or Upsample.
Result<std::vector<std::int64_t>> ScalesOf(const Graph& graph, const Node& node);

// Begin, step and count of a Slice on every dimension of `input`.
struct SliceRange {
  std::int64_t begin = 0;
  std::int64_t step = 1;
  std::int64_t count = 0;
};
Result<std::vector<SliceRange>> SliceOf(const Graph& graph, const Node& node, const Shape& input);

// The shape of the node's first output; the inputs' shapes are known.
Result<Shape> OutputShape(const Graph& graph, const Node& node);

}  // namespace candid::infer
