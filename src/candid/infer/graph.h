// Graph: nodes in order of execution over numbered values.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "candid/infer/activation.h"
#include "candid/infer/tensor.h"
#include "candid/infer/weight_cache.h"

namespace candid::infer {

// ONNX operators, then our own (made by Simplify and Fuse).
enum class Op {
  kAbs,
  kAdd,
  kAveragePool,
  kBatchNormalization,
  kCast,
  kClip,
  kConcat,
  kConstant,
  kConv,
  kDiv,
  kDropout,
  kExp,
  kFlatten,
  kGather,
  kGemm,
  kGlobalAveragePool,
  kGlobalMaxPool,
  kIdentity,
  kLeakyRelu,
  kMatMul,
  kMaxPool,
  kMul,
  kNeg,
  kPRelu,
  kPad,
  kPow,
  kRelu,
  kReshape,
  kResize,
  kShape,
  kSigmoid,
  kSlice,
  kSoftmax,
  kSqrt,
  kSqueeze,
  kSub,
  kTanh,
  kTranspose,
  kUnsqueeze,
  kUpsample,
  // x, scale[C], shift[C]: x * scale + shift on axis 1.
  kAffine,
  // x[..., K], weights[N, K], bias[N]: the product with the weights transposed, plus bias.
  kDense,
};

std::string_view NameOf(Op op);

using Attribute = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>,
                               std::vector<float>, TensorPtr>;

inline constexpr int kAbsent = -1;  // an optional input that is not there

struct Node {
  Op op = Op::kIdentity;
  std::string name;
  std::vector<int> inputs;
  std::vector<int> outputs;
  std::map<std::string, Attribute, std::less<>> attributes;
  // Conv and Dense only, set by Fuse: residual (a value) is added, then the activation applied.
  int residual = kAbsent;
  Activation activation;

  bool Has(std::size_t input) const { return input < inputs.size() && inputs[input] != kAbsent; }
  // The attribute, or the fallback where it is missing or of another type.
  std::int64_t Int(std::string_view attribute, std::int64_t fallback) const;
  float Float(std::string_view attribute, float fallback) const;
  std::string Text(std::string_view attribute, std::string_view fallback) const;
  std::vector<std::int64_t> Ints(std::string_view attribute) const;  // empty when missing
  std::vector<float> Floats(std::string_view attribute) const;
};

// "Conv 'stem/conv'", for messages.
std::string Describe(const Node& node);

struct Value {
  std::string name;
  Shape shape;         // valid after InferShapes
  TensorPtr constant;  // null for what is computed at run time
};

// Copies share the tensors and the laid-out weights.
struct Model::Graph {
  std::string name;
  std::int64_t opset = 0;
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<int> inputs;
  std::vector<int> outputs;
  std::vector<TensorInfo> input_info;
  std::vector<TensorInfo> output_info;
  std::shared_ptr<WeightCache> weights = std::make_shared<WeightCache>();

  int AddConstant(TensorPtr tensor);
  const Tensor* Constant(const Node& node, std::size_t input) const;  // null if not constant
  // How often each value is read, graph outputs included.
  std::vector<int> CountUses() const;
  // The node that writes each value; -1 for inputs and constants.
  std::vector<int> Producers() const;
};

using Graph = Model::Graph;

}  // namespace candid::infer
