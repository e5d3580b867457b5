#include "candid/infer/shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "candid/infer/fold.h"
#include "candid/infer/window.h"

namespace candid::infer {
namespace {

const Shape& InputShape(const Graph& graph, const Node& node, std::size_t input) {
  return graph.values[static_cast<std::size_t>(node.inputs[input])].shape;
}

Result<std::vector<std::int64_t>> Integers(const Graph& graph, const Node& node, std::size_t input,
                                           std::string_view what) {
  const Tensor* tensor = graph.Constant(node, input);
  if (tensor == nullptr || !tensor->integer) {
    return Fail(Code::kUnsupported, fmt::format("its {} must be constant integers", what));
  }
  return tensor->integers;
}

Result<Shape> ConvShape(const Graph& graph, const Node& node) {
  const Shape& input = InputShape(graph, node, 0);
  const Tensor* weights = graph.Constant(node, 1);
  if (weights == nullptr || weights->integer || weights->shape.size() != 4 ||
      weights->size() == 0) {
    return Fail(Code::kUnsupported, "its weights must be a constant of four dimensions");
  }
  CANDID_ASSIGN(const Window window, WindowOf(node, input, &weights->shape[2]));
  const std::int64_t groups = node.Int("group", 1);
  const std::int64_t outputs = weights->shape[0];
  if (groups < 1 || groups > input[1] || outputs % groups != 0 || input[1] % groups != 0 ||
      weights->shape[1] != input[1] / groups) {
    return Fail(Code::kMalformed, fmt::format("weights of {} in {} groups don't fit an input of {}",
                                              ToText(weights->shape), groups, ToText(input)));
  }
  if (node.Has(2)) {
    const Tensor* bias = graph.Constant(node, 2);
    if (bias == nullptr || bias->integer || bias->size() != outputs) {
      return Fail(Code::kUnsupported, "its bias must be a constant, one number a channel");
    }
  }
  return Shape{input[0], outputs, window.output[0], window.output[1]};
}

Result<Shape> ReshapeShape(const Graph& graph, const Node& node) {
  const Shape& input = InputShape(graph, node, 0);
  if (!node.Has(1)) return Fail(Code::kMalformed, "it has no shape");
  CANDID_ASSIGN(Shape shape, Integers(graph, node, 1, "shape"));
  std::int64_t* free = nullptr;
  std::int64_t known = 1;
  if (shape.size() > kMaxRank) return Fail(Code::kTooLarge, "it has too many dimensions");
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && i < input.size() && node.Int("allowzero", 0) == 0) shape[i] = input[i];
    if (shape[i] == -1 && free == nullptr) {
      free = &shape[i];
    } else if (shape[i] < 0 || shape[i] > kMaxElements || known * shape[i] > kMaxElements) {
      return Fail(Code::kMalformed, fmt::format("a shape of {}", ToText(shape)));
    } else {
      known *= shape[i];
    }
  }
  const std::int64_t count = ElementsOf(input);
  if (free != nullptr && known > 0) *free = count / known;
  if (ElementsOf(shape) != count) {
    return Fail(Code::kMalformed, fmt::format("{} cannot become {}", ToText(input), ToText(shape)));
  }
  return shape;
}

Result<Shape> FlattenShape(const Node& node, const Shape& input) {
  const std::int64_t axis = node.Int("axis", 1);
  const auto rank = static_cast<std::int64_t>(input.size());
  if (axis < -rank || axis > rank) return Fail(Code::kMalformed, "its axis is out of range");
  const auto split = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
  std::int64_t outer = 1;
  std::int64_t inner = 1;
  for (std::size_t i = 0; i < input.size(); ++i) (i < split ? outer : inner) *= input[i];
  return Shape{outer, inner};
}

Result<Shape> ConcatShape(const Graph& graph, const Node& node) {
  Shape shape = InputShape(graph, node, 0);
  CANDID_ASSIGN(const std::size_t axis, Axis(node.Int("axis", 1), shape.size()));
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    if (!node.Has(i)) return Fail(Code::kMalformed, "an input is missing");
    const Shape& other = InputShape(graph, node, i);
    if (other.size() != shape.size()) return Fail(Code::kMalformed, "its inputs differ in rank");
    for (std::size_t d = 0; d < shape.size(); ++d) {
      if (d != axis && other[d] != shape[d]) {
        return Fail(Code::kMalformed,
                    fmt::format("{} and {} don't fit together", ToText(shape), ToText(other)));
      }
    }
    shape[axis] += other[axis];
  }
  return shape;
}

Result<Shape> TransposeShape(const Node& node, const Shape& input) {
  CANDID_ASSIGN(const auto order, PermutationOf(node, input.size()));
  Shape shape;
  for (const std::size_t axis : order) shape.push_back(input[axis]);
  return shape;
}

Result<Shape> SqueezeShape(const Graph& graph, const Node& node) {
  const Shape& input = InputShape(graph, node, 0);
  CANDID_ASSIGN(const auto axes, AxesOf(graph, node));
  std::vector<bool> drop(input.size(), false);
  for (std::size_t i = 0; i < input.size() && axes.empty(); ++i) drop[i] = input[i] == 1;
  for (const std::int64_t signed_axis : axes) {
    CANDID_ASSIGN(const std::size_t axis, Axis(signed_axis, input.size()));
    if (input[axis] != 1) return Fail(Code::kMalformed, "it drops a dimension that is not 1");
    drop[axis] = true;
  }
  Shape shape;
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (!drop[i]) shape.push_back(input[i]);
  }
  return shape;
}

Result<Shape> UnsqueezeShape(const Graph& graph, const Node& node) {
  const Shape& input = InputShape(graph, node, 0);
  CANDID_ASSIGN(const auto axes, AxesOf(graph, node));
  const std::size_t rank = input.size() + axes.size();
  if (rank > kMaxRank) return Fail(Code::kTooLarge, "it has too many dimensions");
  std::vector<bool> added(rank, false);
  for (const std::int64_t signed_axis : axes) {
    CANDID_ASSIGN(const std::size_t axis, Axis(signed_axis, rank));
    if (added[axis]) return Fail(Code::kMalformed, "it adds a dimension twice");
    added[axis] = true;
  }
  Shape shape;
  auto next = input.begin();
  for (std::size_t i = 0; i < rank; ++i) shape.push_back(added[i] ? 1 : *next++);
  return shape;
}

Result<Shape> PadShape(const Graph& graph, const Node& node) {
  Shape shape = InputShape(graph, node, 0);
  CANDID_ASSIGN(const auto pads, PadsOf(graph, node));
  if (pads.size() != 2 * shape.size()) {
    return Fail(Code::kMalformed,
                fmt::format("{} pads for a tensor of rank {}", pads.size(), shape.size()));
  }
  for (std::size_t i = 0; i < shape.size(); ++i) shape[i] += pads[i] + pads[i + shape.size()];
  return shape;
}

Result<Shape> DenseShape(const Graph& graph, const Node& node) {
  Shape shape = InputShape(graph, node, 0);
  const Tensor* weights = graph.Constant(node, 1);
  if (shape.empty() || weights == nullptr || weights->shape.size() != 2 ||
      weights->shape[1] != shape.back()) {
    return Fail(Code::kMalformed,
                fmt::format("an input of {} does not fit its weights", ToText(shape)));
  }
  shape.back() = weights->shape[0];
  return shape;
}

Result<Shape> MatMulShape(const Graph& graph, const Node& node) {
  if (!node.Has(1)) return Fail(Code::kMalformed, "it has one input");
  const Shape& a = InputShape(graph, node, 0);
  const Shape& b = InputShape(graph, node, 1);
  if (a.size() != 2 || b.size() != 2) {
    return Fail(Code::kUnsupported, "only matrices are multiplied (the second may be constant)");
  }
  if (a[1] != b[0]) {
    return Fail(Code::kMalformed, fmt::format("{} times {}", ToText(a), ToText(b)));
  }
  return Shape{a[0], b[1]};
}

Result<Shape> GatherShape(const Graph& graph, const Node& node) {
  if (!node.Has(1)) return Fail(Code::kMalformed, "it has no indices");
  const Shape& input = InputShape(graph, node, 0);
  const Shape& indices = InputShape(graph, node, 1);
  CANDID_ASSIGN(const std::size_t axis, Axis(node.Int("axis", 0), input.size()));
  Shape shape(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), indices.begin(), indices.end());
  shape.insert(shape.end(), input.begin() + static_cast<std::ptrdiff_t>(axis) + 1, input.end());
  return shape;
}

Result<Shape> ChannelShape(const Graph& graph, const Node& node) {
  const Shape& input = InputShape(graph, node, 0);
  if (input.size() < 2) return Fail(Code::kMalformed, "its input has no channels");
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    const Tensor* parameter = graph.Constant(node, i);
    if (parameter == nullptr || parameter->integer ||
        (parameter->size() != input[1] && parameter->size() != 1)) {
      return Fail(Code::kMalformed, fmt::format("its parameters don't fit {} channels", input[1]));
    }
  }
  return input;
}

Result<Shape> ResizeShape(const Graph& graph, const Node& node) {
  Shape shape = InputShape(graph, node, 0);
  CANDID_ASSIGN(const auto scales, ScalesOf(graph, node));
  if (scales.size() != shape.size()) return Fail(Code::kMalformed, "its scales don't fit");
  for (std::size_t i = 0; i < shape.size(); ++i) shape[i] *= scales[i];
  return shape;
}

Result<Shape> PoolShape(const Graph& graph, const Node& node) {
  const Shape& input = InputShape(graph, node, 0);
  CANDID_ASSIGN(const Window window, WindowOf(node, input, nullptr));
  return Shape{input[0], input[1], window.output[0], window.output[1]};
}

Result<Shape> SliceShape(const Graph& graph, const Node& node) {
  CANDID_ASSIGN(const auto ranges, SliceOf(graph, node, InputShape(graph, node, 0)));
  Shape shape;
  for (const SliceRange& range : ranges) shape.push_back(range.count);
  return shape;
}

Status SetInputShapes(Graph* graph, const std::map<std::string, Shape>& input_shapes) {
  for (const auto& [name, shape] : input_shapes) {
    if (std::ranges::none_of(graph->input_info, [&](const auto& i) { return i.name == name; })) {
      return Fail(Code::kInvalidArgument, fmt::format("{} has no input '{}'", graph->name, name));
    }
  }
  for (std::size_t i = 0; i < graph->inputs.size(); ++i) {
    const TensorInfo& info = graph->input_info[i];
    const auto given = input_shapes.find(info.name);
    const Shape& shape = given == input_shapes.end() ? info.shape : given->second;
    if (shape.size() != info.shape.size() ||
        std::ranges::any_of(shape, [](auto size) { return size <= 0; })) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("{}: input '{}' is declared {} and cannot run as {}", graph->name,
                              info.name, ToText(info.shape), ToText(shape)));
    }
    CANDID_TRY(CountElements(shape));
    graph->values[static_cast<std::size_t>(graph->inputs[i])].shape = shape;
  }
  return {};
}

}  // namespace

Result<std::vector<std::int64_t>> PadsOf(const Graph& graph, const Node& node) {
  std::vector<std::int64_t> pads = node.Ints("pads");
  if (graph.opset >= 11 && node.Has(1)) {
    CANDID_ASSIGN(pads, Integers(graph, node, 1, "pads"));
  }
  if (node.Text("mode", "constant") != "constant") {
    return Fail(Code::kUnsupported, "only constant padding is supported");
  }
  for (const std::int64_t pad : pads) {
    if (pad < 0 || pad > kMaxElements) {
      return Fail(Code::kUnsupported, fmt::format("a padding of {}", pad));
    }
  }
  return pads;
}

Result<std::vector<std::int64_t>> AxesOf(const Graph& graph, const Node& node) {
  if (!node.Has(1)) return node.Ints("axes");
  return Integers(graph, node, 1, "axes");
}

Result<std::vector<std::int64_t>> ScalesOf(const Graph& graph, const Node& node) {
  // Upsample 7: attribute; Upsample 9 and Resize 10: input 1; Resize 11: input 2.
  std::vector<float> scales = node.Floats("scales");
  const std::size_t input = node.op == Op::kResize && graph.opset >= 11 ? 2 : 1;
  if (const Tensor* tensor = graph.Constant(node, input); tensor != nullptr) {
    scales = tensor->floats;
  }
  // With whole factors these modes pick the same source pixel.
  const std::string transform = node.Text("coordinate_transformation_mode", "half_pixel");
  const std::string rounding = node.Text("nearest_mode", "round_prefer_floor");
  const bool plain = transform == "asymmetric" ? rounding == "floor" : transform == "half_pixel";
  if (node.Text("mode", "nearest") != "nearest" || (graph.opset >= 11 && !plain)) {
    return Fail(Code::kUnsupported, "only nearest-neighbour resizing is supported");
  }
  std::vector<std::int64_t> factors;
  for (const float scale : scales) {
    if (!(scale >= 1 && scale <= 64) || scale != std::floor(scale)) {
      return Fail(Code::kUnsupported, fmt::format("a resizing factor of {}", scale));
    }
    factors.push_back(static_cast<std::int64_t>(scale));
  }
  if (factors.empty()) return Fail(Code::kUnsupported, "its scales must be constant");
  return factors;
}

Result<std::vector<SliceRange>> SliceOf(const Graph& graph, const Node& node, const Shape& input) {
  std::vector<std::int64_t> starts = node.Ints("starts");
  std::vector<std::int64_t> ends = node.Ints("ends");
  std::vector<std::int64_t> axes = node.Ints("axes");
  std::vector<std::int64_t> steps;
  if (node.Has(1)) {
    CANDID_ASSIGN(starts, Integers(graph, node, 1, "starts"));
  }
  if (node.Has(2)) {
    CANDID_ASSIGN(ends, Integers(graph, node, 2, "ends"));
  }
  if (node.Has(3)) {
    CANDID_ASSIGN(axes, Integers(graph, node, 3, "axes"));
  }
  if (node.Has(4)) {
    CANDID_ASSIGN(steps, Integers(graph, node, 4, "steps"));
  }
  for (std::size_t i = axes.size(); i < starts.size(); ++i) {
    axes.push_back(static_cast<std::int64_t>(i));
  }
  steps.resize(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size()) {
    return Fail(Code::kMalformed, "its starts, ends and axes differ in number");
  }
  std::vector<SliceRange> ranges;
  for (const std::int64_t size : input) ranges.push_back({0, 1, size});
  for (std::size_t i = 0; i < starts.size(); ++i) {
    CANDID_ASSIGN(const std::size_t axis, Axis(axes[i], input.size()));
    if (steps[i] < 1) return Fail(Code::kUnsupported, "a step below 1");
    const std::int64_t size = input[axis];
    const auto clamp = [size](std::int64_t at) {
      return std::clamp<std::int64_t>(at < 0 ? std::max(at, -size) + size : at, 0, size);
    };
    const std::int64_t begin = clamp(starts[i]);
    const std::int64_t length = std::max<std::int64_t>(0, clamp(ends[i]) - begin);
    ranges[axis] = {begin, steps[i], length == 0 ? 0 : (length - 1) / steps[i] + 1};
  }
  return ranges;
}

Result<Shape> OutputShape(const Graph& graph, const Node& node) {
  Shape input = node.Has(0) ? InputShape(graph, node, 0) : Shape{};
  switch (node.op) {
    case Op::kConv:
      return ConvShape(graph, node);
    case Op::kDense:
      return DenseShape(graph, node);
    case Op::kMatMul:
      return MatMulShape(graph, node);
    case Op::kMaxPool:
    case Op::kAveragePool:
    case Op::kGlobalAveragePool:
    case Op::kGlobalMaxPool:
      return PoolShape(graph, node);
    case Op::kReshape:
      return ReshapeShape(graph, node);
    case Op::kFlatten:
      return FlattenShape(node, input);
    case Op::kConcat:
      return ConcatShape(graph, node);
    case Op::kTranspose:
      return TransposeShape(node, input);
    case Op::kSqueeze:
      return SqueezeShape(graph, node);
    case Op::kUnsqueeze:
      return UnsqueezeShape(graph, node);
    case Op::kPad:
      return PadShape(graph, node);
    case Op::kResize:
    case Op::kUpsample:
      return ResizeShape(graph, node);
    case Op::kSlice:
      return SliceShape(graph, node);
    case Op::kGather:
      return GatherShape(graph, node);
    case Op::kShape:
      return Shape{static_cast<std::int64_t>(input.size())};
    case Op::kAdd:
    case Op::kSub:
    case Op::kMul:
    case Op::kDiv:
    case Op::kPow:
      if (!node.Has(1)) return Fail(Code::kMalformed, "it has one input");
      return Broadcast(input, InputShape(graph, node, 1));
    case Op::kAffine:
    case Op::kPRelu:
      return ChannelShape(graph, node);
    case Op::kGemm:
      return Fail(Code::kUnsupported, "transA, or weights or bias that are not constant");
    case Op::kBatchNormalization:
      return Fail(Code::kUnsupported, "its parameters must be constant, one number a channel");
    case Op::kConstant:
      return Fail(Code::kUnsupported, "only constant tensors are supported");
    default:
      return input;  // elementwise
  }
}

Status InferShapes(Graph* graph, const std::map<std::string, Shape>& input_shapes) {
  for (Value& value : graph->values) {
    if (value.constant != nullptr) value.shape = value.constant->shape;
  }
  CANDID_TRY(SetInputShapes(graph, input_shapes));
  const std::vector<int> uses = graph->CountUses();
  std::vector<Node> kept;
  for (Node& node : graph->nodes) {
    const auto fail = [&](const Error& error) {
      return Fail(error.WithContext(graph->name + ": " + Describe(node)));
    };
    auto folded = FoldNode(*graph, node);
    if (!folded.has_value()) return fail(folded.error());
    Value& output = graph->values[static_cast<std::size_t>(node.outputs[0])];
    if (*folded != nullptr) {
      output.constant = *folded;
      output.shape = (*folded)->shape;
      continue;
    }
    auto shape = OutputShape(*graph, node);
    if (!shape.has_value()) return fail(shape.error());
    const auto count = CountElements(*shape);
    if (!count.has_value()) return fail(count.error());
    if (*count == 0) return fail(Error(Code::kUnsupported, "its output is empty"));
    for (std::size_t i = 1; i < node.outputs.size(); ++i) {
      if (node.outputs[i] != kAbsent && uses[static_cast<std::size_t>(node.outputs[i])] > 0) {
        return fail(Error(Code::kUnsupported, "only its first output is supported"));
      }
    }
    output.shape = *std::move(shape);
    kept.push_back(std::move(node));
  }
  graph->nodes = std::move(kept);
  return {};
}

}  // namespace candid::infer
