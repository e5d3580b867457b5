// Fuse: rewrites that need every shape, done once a Session.
#pragma once

#include "candid/infer/graph.h"

namespace candid::infer {

// Moves an Add of two equal shapes and then an activation into the Conv, Dense or Affine before
// them. Call after InferShapes.
void Fuse(Graph* graph);

}  // namespace candid::infer
