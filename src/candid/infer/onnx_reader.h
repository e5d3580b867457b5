// ReadOnnx: ONNX bytes to a checked Graph, nothing computed yet.
#pragma once

#include <memory>

#include "candid/infer/graph.h"

namespace candid::infer {

inline constexpr std::size_t kMaxModelBytes = std::size_t{1} << 30;
inline constexpr int kMaxNodes = 20'000;
inline constexpr std::int64_t kMinOpset = 7;
inline constexpr std::int64_t kMaxOpset = 17;

// Errors as Model::Load says. The nodes are in order of execution (ONNX requires it; checked),
// every value is written once, tensors hold exactly what their shape says, data outside the file is
// refused.
Result<std::unique_ptr<Graph>> ReadOnnx(ByteSpan onnx, std::string name);

}  // namespace candid::infer
