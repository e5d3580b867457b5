// Lower: a fused graph to a list of steps over numbered buffers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "candid/infer/graph.h"
#include "candid/infer/kernels.h"
#include "candid/infer/memory_plan.h"
#include "candid/infer/session.h"

namespace candid::infer {

// Addresses by buffer number.
using Addresses = std::byte* const*;

struct Step {
  std::string name;  // operator, node and implementation, for profiles
  std::function<void(Addresses)> run;
};

// Buffer 0 is the scratch of the primitives. Inputs and outputs live from the first to the last
// step and are f32, row-major.
struct Program {
  std::vector<Step> steps;
  std::vector<Lifetime> buffers;
  std::vector<int> inputs;    // buffer numbers
  std::vector<int> outputs;   // buffer numbers
  std::int64_t products = 0;  // multiplications of one run
};

// kUnsupported names the node that cannot run.
Result<Program> Lower(const Graph& graph, Precision precision);

}  // namespace candid::infer
