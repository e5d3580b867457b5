// For tests: what a TensorFlow.js graph computes, taken node by node from TensorFlow's definitions.
// Slow and plain; shares nothing with the converter but the graph's reader.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "candid/models/tfjs_graph.h"

namespace candid::models::testing {

// Every node's value for one picture (NHWC). Throws std::runtime_error at what it does not know.
std::map<std::string, TfjsTensor> Evaluate(const TfjsGraph& graph,
                                           const std::vector<float>& picture);

// mobilefacenet's graph with both faults mended as a graph: c negated, and where the Relu has moved
// into the convolution, moved out again. How many PReLUs there were.
int RepairPrelus(TfjsGraph* graph);

}  // namespace candid::models::testing
