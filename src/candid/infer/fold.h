// FoldNode: the value of a node whose inputs are constant.
#pragma once

#include "candid/infer/graph.h"

namespace candid::infer {

// Null when the node is not constant (or is an operator that is never folded, like Conv). A Shape
// node needs only its input's shape, when that is known.
Result<TensorPtr> FoldNode(const Graph& graph, const Node& node);

// Folds all it can without knowing any shape.
Status FoldConstants(Graph* graph);

// The axis order of a Transpose node: reversed by default. kMalformed if it is no permutation.
Result<std::vector<std::size_t>> PermutationOf(const Node& node, std::size_t rank);

}  // namespace candid::infer
