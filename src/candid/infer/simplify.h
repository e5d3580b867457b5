// Simplify: rewrites of the graph that need weights but no sizes, done once a Model.
#pragma once

#include "candid/infer/graph.h"

namespace candid::infer {

// Removes Identity, Dropout and Cast to float; turns BatchNormalization into Affine and constant
// Gemm and MatMul into Dense; folds Affine (and Add, Sub, Mul, Div of one constant a channel) into
// the Conv or Dense before it, and into the Conv after it where that is exact: zero padding
// lets only a pure scale through. Drops nodes that nothing reads.
Status Simplify(Graph* graph);

}  // namespace candid::infer
