#include "candid/infer/fold.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "candid/infer/shapes.h"

namespace candid::infer {
namespace {

// Folding serves shapes and small parameters; more is a file that wants to exhaust us.
constexpr std::int64_t kMaxFolded = std::int64_t{1} << 24;

bool IsFoldable(Op op) {
  switch (op) {
    case Op::kAbs:
    case Op::kAdd:
    case Op::kCast:
    case Op::kConcat:
    case Op::kConstant:
    case Op::kDiv:
    case Op::kExp:
    case Op::kFlatten:
    case Op::kGather:
    case Op::kIdentity:
    case Op::kMul:
    case Op::kNeg:
    case Op::kPow:
    case Op::kReshape:
    case Op::kShape:
    case Op::kSlice:
    case Op::kSqrt:
    case Op::kSqueeze:
    case Op::kSub:
    case Op::kTranspose:
    case Op::kUnsqueeze:
      return true;
    default:
      return false;
  }
}

// Calls visit(output offset, source offset) for every index of `shape`, where the source moves by
// `strides`.
template <typename Visit>
void Walk(const Shape& shape, std::int64_t offset, const Shape& strides, Visit visit) {
  const std::int64_t count = ElementsOf(shape);
  std::vector<std::int64_t> index(shape.size(), 0);
  for (std::int64_t i = 0; i < count; ++i) {
    visit(i, offset);
    for (std::size_t d = shape.size(); d-- > 0;) {
      offset += strides[d];
      if (++index[d] < shape[d]) break;
      offset -= strides[d] * shape[d];
      index[d] = 0;
    }
  }
}

Tensor Empty(const Tensor& like, Shape shape) {
  Tensor tensor;
  tensor.integer = like.integer;
  const auto count = static_cast<std::size_t>(ElementsOf(shape));
  if (tensor.integer) {
    tensor.integers.resize(count);
  } else {
    tensor.floats.resize(count);
  }
  tensor.shape = std::move(shape);
  return tensor;
}

void CopyElement(const Tensor& from, std::int64_t source, Tensor* to, std::int64_t target) {
  if (to->integer) {
    to->integers[static_cast<std::size_t>(target)] =
        from.integers[static_cast<std::size_t>(source)];
  } else {
    to->floats[static_cast<std::size_t>(target)] = from.floats[static_cast<std::size_t>(source)];
  }
}

Shape BroadcastStrides(const Shape& shape, const Shape& to) {
  const Shape own = RowMajorStrides(shape);
  Shape strides(to.size(), 0);
  const std::size_t skip = to.size() - shape.size();
  for (std::size_t i = 0; i < shape.size(); ++i) strides[skip + i] = shape[i] == 1 ? 0 : own[i];
  return strides;
}

Result<std::int64_t> IntegerResult(Op op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflow = false;
  switch (op) {
    case Op::kAdd:
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case Op::kSub:
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case Op::kMul:
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    case Op::kDiv:
      // -1 overflows for the least integer.
      overflow = b == 0 || b == -1;
      if (b == -1) overflow = __builtin_sub_overflow(std::int64_t{0}, a, &result);
      if (!overflow && b != -1) result = a / b;
      break;
    default:
      return Fail(Code::kUnsupported, "this operator is not supported on integers");
  }
  if (overflow) return Fail(Code::kMalformed, "a constant overflows");
  return result;
}

float FloatResult(Op op, float a, float b) {
  switch (op) {
    case Op::kAdd:
      return a + b;
    case Op::kSub:
      return a - b;
    case Op::kMul:
      return a * b;
    case Op::kDiv:
      return a / b;
    default:
      return std::pow(a, b);
  }
}

Result<TensorPtr> FoldBinary(const Node& node, const Tensor& a, const Tensor& b,
                             const Shape& shape) {
  if (a.integer != b.integer) return Fail(Code::kMalformed, "it mixes integers and floats");
  const std::int64_t count = ElementsOf(shape);
  std::vector<std::int64_t> at_a(static_cast<std::size_t>(count));
  Walk(shape, 0, BroadcastStrides(a.shape, shape),
       [&](std::int64_t i, std::int64_t source) { at_a[static_cast<std::size_t>(i)] = source; });
  Tensor result = Empty(a, shape);
  Status status;
  Walk(shape, 0, BroadcastStrides(b.shape, shape), [&](std::int64_t i, std::int64_t in_b) {
    const auto target = static_cast<std::size_t>(i);
    const auto x = static_cast<std::size_t>(at_a[target]);
    const auto y = static_cast<std::size_t>(in_b);
    if (!a.integer) {
      result.floats[target] = FloatResult(node.op, a.floats[x], b.floats[y]);
      return;
    }
    auto value = IntegerResult(node.op, a.integers[x], b.integers[y]);
    if (value.has_value()) {
      result.integers[target] = *value;
    } else {
      status = Fail(value.error());
    }
  });
  CANDID_TRY(std::move(status));
  return std::make_shared<const Tensor>(std::move(result));
}

Result<TensorPtr> FoldUnary(const Node& node, Tensor tensor) {
  if (tensor.integer) {
    return Fail(Code::kUnsupported, "this operator is not supported on integers");
  }
  for (float& x : tensor.floats) {
    switch (node.op) {
      case Op::kAbs:
        x = std::abs(x);
        break;
      case Op::kExp:
        x = std::exp(x);
        break;
      case Op::kNeg:
        x = -x;
        break;
      default:
        x = std::sqrt(x);
        break;
    }
  }
  return std::make_shared<const Tensor>(std::move(tensor));
}

Result<TensorPtr> FoldCast(const Node& node, const Tensor& input) {
  // onnx::TensorProto: FLOAT 1, INT32 6, INT64 7, DOUBLE 11.
  const std::int64_t to = node.Int("to", 1);
  const bool to_integer = to == 6 || to == 7;
  if (!to_integer && to != 1 && to != 11) {
    return Fail(Code::kUnsupported, fmt::format("casting to element type {}", to));
  }
  Tensor result;
  result.shape = input.shape;
  result.integer = to_integer;
  for (const float x : input.floats) {
    if (!to_integer) {
      result.floats.push_back(x);
    } else if (std::abs(x) < 0x1p62F) {
      result.integers.push_back(static_cast<std::int64_t>(x));
    } else {
      return Fail(Code::kMalformed, "a number is too large for an integer");
    }
  }
  for (const std::int64_t x : input.integers) {
    if (to_integer) {
      result.integers.push_back(x);
    } else {
      result.floats.push_back(static_cast<float>(x));
    }
  }
  return std::make_shared<const Tensor>(std::move(result));
}

Result<TensorPtr> FoldConcat(const Graph& graph, const Node& node, const Shape& shape) {
  Tensor result = Empty(*graph.Constant(node, 0), shape);
  CANDID_ASSIGN(const std::size_t axis, Axis(node.Int("axis", 1), shape.size()));
  const Shape strides = RowMajorStrides(shape);
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Tensor& input = *graph.Constant(node, i);
    if (input.integer != result.integer) {
      return Fail(Code::kMalformed, "it mixes integers and floats");
    }
    Walk(input.shape, offset, strides, [&](std::int64_t source, std::int64_t target) {
      CopyElement(input, source, &result, target);
    });
    offset += strides[axis] * input.shape[axis];
  }
  return std::make_shared<const Tensor>(std::move(result));
}

Result<TensorPtr> FoldGather(const Node& node, const Tensor& input, const Tensor& indices,
                             const Shape& shape) {
  if (!indices.integer) return Fail(Code::kMalformed, "its indices are not integers");
  CANDID_ASSIGN(const std::size_t axis, Axis(node.Int("axis", 0), input.shape.size()));
  Tensor result = Empty(input, shape);
  std::int64_t inner = 1;
  for (std::size_t i = axis + 1; i < input.shape.size(); ++i) inner *= input.shape[i];
  std::int64_t target = 0;
  const std::int64_t outer =
      input.shape[axis] == 0 ? 0 : input.size() / (inner * input.shape[axis]);
  for (std::int64_t o = 0; o < outer; ++o) {
    for (const std::int64_t signed_index : indices.integers) {
      CANDID_ASSIGN(const std::size_t index,
                    Axis(signed_index, static_cast<std::size_t>(input.shape[axis])));
      const std::int64_t base = (o * input.shape[axis] + static_cast<std::int64_t>(index)) * inner;
      for (std::int64_t i = 0; i < inner; ++i) CopyElement(input, base + i, &result, target++);
    }
  }
  return std::make_shared<const Tensor>(std::move(result));
}

Result<TensorPtr> FoldTranspose(const Node& node, const Tensor& input, const Shape& shape) {
  CANDID_ASSIGN(const auto order, PermutationOf(node, shape.size()));
  const Shape strides = RowMajorStrides(input.shape);
  Shape permuted;
  for (const std::size_t axis : order) permuted.push_back(strides[axis]);
  Tensor result = Empty(input, shape);
  Walk(shape, 0, permuted, [&](std::int64_t target, std::int64_t source) {
    CopyElement(input, source, &result, target);
  });
  return std::make_shared<const Tensor>(std::move(result));
}

Result<TensorPtr> FoldSlice(const Graph& graph, const Node& node, const Tensor& input,
                            const Shape& shape) {
  CANDID_ASSIGN(const auto ranges, SliceOf(graph, node, input.shape));
  Shape strides = RowMajorStrides(input.shape);
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    offset += ranges[i].begin * strides[i];
    strides[i] *= ranges[i].step;
  }
  Tensor result = Empty(input, shape);
  Walk(shape, offset, strides, [&](std::int64_t target, std::int64_t source) {
    CopyElement(input, source, &result, target);
  });
  return std::make_shared<const Tensor>(std::move(result));
}

Result<TensorPtr> Evaluate(const Graph& graph, const Node& node) {
  const Tensor& input = *graph.Constant(node, 0);
  CANDID_ASSIGN(Shape shape, OutputShape(graph, node));
  CANDID_ASSIGN(const std::int64_t count, CountElements(shape));
  if (count > kMaxFolded) return Fail(Code::kTooLarge, "a computed constant is too large");
  switch (node.op) {
    case Op::kAdd:
    case Op::kSub:
    case Op::kMul:
    case Op::kDiv:
    case Op::kPow:
      return FoldBinary(node, input, *graph.Constant(node, 1), shape);
    case Op::kAbs:
    case Op::kExp:
    case Op::kNeg:
    case Op::kSqrt:
      return FoldUnary(node, input);
    case Op::kCast:
      return FoldCast(node, input);
    case Op::kConcat:
      return FoldConcat(graph, node, shape);
    case Op::kGather:
      return FoldGather(node, input, *graph.Constant(node, 1), shape);
    case Op::kTranspose:
      return FoldTranspose(node, input, shape);
    case Op::kSlice:
      return FoldSlice(graph, node, input, shape);
    default: {  // the same elements in another shape
      Tensor result = input;
      result.shape = std::move(shape);
      return std::make_shared<const Tensor>(std::move(result));
    }
  }
}

}  // namespace

Result<std::vector<std::size_t>> PermutationOf(const Node& node, std::size_t rank) {
  std::vector<std::int64_t> signed_order = node.Ints("perm");
  if (signed_order.empty()) {
    for (std::size_t i = rank; i-- > 0;) signed_order.push_back(static_cast<std::int64_t>(i));
  }
  std::vector<std::size_t> order;
  std::vector<bool> seen(rank, false);
  for (const std::int64_t axis : signed_order) {
    if (axis < 0 || axis >= static_cast<std::int64_t>(rank) ||
        seen[static_cast<std::size_t>(axis)]) {
      return Fail(Code::kMalformed, "its axes are no permutation");
    }
    seen[static_cast<std::size_t>(axis)] = true;
    order.push_back(static_cast<std::size_t>(axis));
  }
  if (order.size() != rank) return Fail(Code::kMalformed, "its axes are no permutation");
  return order;
}

Result<TensorPtr> FoldNode(const Graph& graph, const Node& node) {
  if (!IsFoldable(node.op)) return nullptr;
  if (node.op == Op::kConstant) {
    const auto value = node.attributes.find("value");
    if (value == node.attributes.end() || !std::holds_alternative<TensorPtr>(value->second)) {
      return Fail(Code::kUnsupported, "only constant tensors are supported");
    }
    return std::get<TensorPtr>(value->second);
  }
  if (node.op == Op::kShape) {
    const Shape& shape = graph.values[static_cast<std::size_t>(node.inputs[0])].shape;
    if (shape.empty()) return nullptr;  // not known yet
    return MakeIntegers({static_cast<std::int64_t>(shape.size())}, shape);
  }
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.Has(i) && graph.Constant(node, i) == nullptr) return nullptr;
  }
  return Evaluate(graph, node);
}

Status FoldConstants(Graph* graph) {
  for (Value& value : graph->values) {
    if (value.constant != nullptr) value.shape = value.constant->shape;
  }
  std::vector<Node> kept;
  for (Node& node : graph->nodes) {
    auto folded = FoldNode(*graph, node);
    if (!folded.has_value()) {
      return Fail(folded.error().WithContext(graph->name + ": " + Describe(node)));
    }
    if (*folded == nullptr) {
      kept.push_back(std::move(node));
      continue;
    }
    Value& output = graph->values[static_cast<std::size_t>(node.outputs[0])];
    output.constant = *folded;
    output.shape = (*folded)->shape;
  }
  graph->nodes = std::move(kept);
  return {};
}

}  // namespace candid::infer
