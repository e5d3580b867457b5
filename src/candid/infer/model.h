// Model: an ONNX graph read, checked, folded and fused, its weights shared by every Session.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "candid/base/bytes.h"

namespace candid::infer {

// Sizes, outermost first, as ONNX has them (NCHW for pictures). -1: free, set by the Session.
using Shape = std::vector<std::int64_t>;

struct TensorInfo {
  std::string name;
  Shape shape;
};

// Immutable; every const call is thread-safe.
class Model {
 public:
  // Reads ONNX bytes of opset 7 to 17. kMalformed: not an ONNX file, or one that contradicts
  // itself; kUnsupported: the message names the operator (or attribute) and the node that uses it;
  // kTooLarge: over the bounds on bytes, nodes or tensor sizes. `name` goes into messages.
  static Result<std::shared_ptr<const Model>> Load(ByteSpan onnx, std::string name);

  ~Model();

  const std::string& name() const;
  // Without the initializers, which old files list among the inputs.
  const std::vector<TensorInfo>& inputs() const;
  const std::vector<TensorInfo>& outputs() const;

  struct Graph;  // known to this folder only
  const Graph& graph() const { return *graph_; }

 private:
  explicit Model(std::unique_ptr<Graph> graph);
  std::unique_ptr<Graph> graph_;
};

}  // namespace candid::infer
