// TfjsToOnnx: a TensorFlow.js graph as ONNX (opset 10, NCHW), repaired where the package is broken.
#pragma once

#include <string>

#include "candid/models/tfjs_graph.h"

namespace candid::models {

struct ConversionOptions {
  // mobilefacenet only. Its PReLUs are spelled relu(x) + c (x - |x|), and the package's optimiser
  // spoiled them twice; either fault alone leaves a network that separates nobody (63 % on LFW's
  // pairs as shipped against 99.4 % repaired; models.md section 2 has the evidence). False leaves
  // the fault in: for the tests that show it failing.
  //
  // In the 16 depthwise layers the Relu moved into the convolution, although |x| and x - |x| read
  // the same tensor, which leaves a plain Relu.
  bool repair_fused_relu = true;
  // In all 33 places the sign of c is wrong: the slope is -2c, not 2c.
  bool repair_slope_sign = true;
  // Where two 1x1 convolutions end the graph with nothing between, they are one linear map; its
  // outputs are rotated onto the map's leading directions and so many are kept, which leaves every
  // cosine as it was (models.md section 10). 0 keeps both layers.
  std::size_t embedding_rank = 0;
};

// Serialised ONNX, the same bytes each time. The graph's own L2 normalisation at its end, if it has
// one, is left to the caller. Reshapes to [1, N, C] become [1, -1, C], so that fully convolutional
// networks serve any size. kUnsupported names operator and node.
Result<Bytes> ConvertToOnnx(const TfjsGraph& graph, const std::string& name,
                            const ConversionOptions& options = {});

}  // namespace candid::models
