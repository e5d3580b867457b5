#include "candid/infer/lower.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "candid/infer/fold.h"
#include "candid/infer/onednn.h"
#include "candid/infer/shapes.h"

namespace candid::infer {
namespace {

// More multiplications than this in one run is a file that wants to occupy us: the largest face
// model needs 2^34.
constexpr std::int64_t kMaxProducts = std::int64_t{1} << 40;

constexpr int kPinned = 1 << 30;

using FloatsPtr = std::shared_ptr<const std::vector<float>>;

// Where a value lies. Channels-last has meaning for four dimensions only.
struct Place {
  int buffer = -1;
  ElementType type = ElementType::kF32;
  bool channels_last = false;
};

bool SameInBothLayouts(const Shape& shape) {
  return shape.size() != 4 || shape[1] == 1 || shape[2] * shape[3] == 1;
}

void SetStrides(const Shape& shape, bool channels_last, std::int64_t* strides) {
  if (channels_last && shape.size() == 4) {
    const std::int64_t c = shape[1];
    strides[0] = shape[2] * shape[3] * c;
    strides[1] = 1;
    strides[2] = shape[3] * c;
    strides[3] = c;
    return;
  }
  std::ranges::copy(RowMajorStrides(shape), strides);
}

// A view whose address is filled in at run time.
struct View {
  int buffer = -1;
  std::int64_t offset = 0;  // elements
  StridedView strided;

  StridedView At(Addresses addresses) const {
    StridedView view = strided;
    view.data = addresses[buffer] + static_cast<std::size_t>(offset) * SizeOf(view.type);
    return view;
  }
};

View ViewOf(const Place& place, const Shape& shape) {
  View view;
  view.buffer = place.buffer;
  view.strided.type = place.type;
  SetStrides(shape, place.channels_last, view.strided.strides);
  return view;
}

// An Activation with one slope a channel, kept alive by the step that uses it.
struct OwnedFinish {
  FloatsPtr slope;
  Finish finish;
};

OwnedFinish FinishOf(const Activation& activation, std::int64_t channels) {
  OwnedFinish owned;
  if (!activation.slope.empty()) {
    auto slope = activation.slope;
    if (slope.size() == 1) slope.assign(static_cast<std::size_t>(channels), slope[0]);
    owned.slope = std::make_shared<const std::vector<float>>(std::move(slope));
    owned.finish.slope = owned.slope->data();
  }
  owned.finish.clamp = activation.bounded();
  owned.finish.low = activation.low;
  owned.finish.high = activation.high;
  return owned;
}

class Lowering {
 public:
  Lowering(const Graph& graph, Precision precision)
      : graph_(graph),
        wide_(precision == Precision::kBf16 ? ElementType::kBf16 : ElementType::kF32),
        kernels_(BestKernels()),
        uses_(graph.CountUses()),
        places_(graph.values.size()),
        feeds_products_(graph.values.size(), false) {}

  Result<Program> Run() {
    FindProductFeeders();
    NewBuffer(64);  // scratch
    for (const int input : graph_.inputs) {
      const Place place = NewPlace(ShapeOf(input), ElementType::kF32, false);
      pending_[static_cast<std::size_t>(place.buffer)] = kPinned;
      places_[static_cast<std::size_t>(input)] = place;
      program_.inputs.push_back(place.buffer);
    }
    for (const Node& node : graph_.nodes) {
      auto lowered = LowerNode(node);
      if (!lowered.has_value()) return Fail(lowered.error().WithContext(Describe(node)));
      Release(node);
    }
    for (const int output : graph_.outputs) {
      program_.outputs.push_back(Read(output, ElementType::kF32, false).buffer);
    }
    Pin(0);
    // The caller writes them before the first step.
    for (const int buffer : program_.inputs) {
      program_.buffers[static_cast<std::size_t>(buffer)].first = 0;
    }
    for (const int buffer : program_.outputs) Pin(buffer);
    return std::move(program_);
  }

 private:
  const Shape& ShapeOf(int value) const {
    return graph_.values[static_cast<std::size_t>(value)].shape;
  }
  bool IsConstant(int value) const {
    return graph_.values[static_cast<std::size_t>(value)].constant != nullptr;
  }

  // What leads to no further convolution stays f32: it costs little and outputs keep all digits.
  void FindProductFeeders() {
    for (std::size_t i = graph_.nodes.size(); i-- > 0;) {
      const Node& node = graph_.nodes[i];
      bool feeds = node.op == Op::kConv || node.op == Op::kDense;
      for (const int output : node.outputs) {
        feeds = feeds || (output != kAbsent && feeds_products_[static_cast<std::size_t>(output)]);
      }
      if (!feeds) continue;
      for (const int input : node.inputs) {
        if (input != kAbsent) feeds_products_[static_cast<std::size_t>(input)] = true;
      }
      if (node.residual != kAbsent) feeds_products_[static_cast<std::size_t>(node.residual)] = true;
    }
  }
  ElementType TypeFor(int value) const {
    return feeds_products_[static_cast<std::size_t>(value)] ? wide_ : ElementType::kF32;
  }

  int NewBuffer(std::size_t bytes) {
    const int never = std::numeric_limits<int>::max();
    program_.buffers.push_back({bytes, never, -1});
    pending_.push_back(0);
    return static_cast<int>(program_.buffers.size()) - 1;
  }
  Place NewPlace(const Shape& shape, ElementType type, bool channels_last) {
    const auto bytes = static_cast<std::size_t>(ElementsOf(shape)) * SizeOf(type);
    return {NewBuffer(bytes), type, channels_last};
  }
  void Pin(int buffer) {
    auto& lifetime = program_.buffers[static_cast<std::size_t>(buffer)];
    lifetime.first = 0;
    lifetime.last = static_cast<int>(program_.steps.size());
  }
  void Touch(int buffer) {
    auto& lifetime = program_.buffers[static_cast<std::size_t>(buffer)];
    const int step = static_cast<int>(program_.steps.size());
    lifetime.first = std::min(lifetime.first, step);
    lifetime.last = std::max(lifetime.last, step);
  }
  void AddStep(std::string name, std::initializer_list<int> buffers,
               std::function<void(Addresses)> run) {
    for (const int buffer : buffers) Touch(buffer);
    program_.steps.push_back({std::move(name), std::move(run)});
  }
  void SetPlace(int value, const Place& place) {
    places_[static_cast<std::size_t>(value)] = place;
    pending_[static_cast<std::size_t>(place.buffer)] += uses_[static_cast<std::size_t>(value)];
  }
  void Release(const Node& node) {
    const auto release = [&](int value) {
      if (value == kAbsent || IsConstant(value)) return;
      --pending_[static_cast<std::size_t>(places_[static_cast<std::size_t>(value)].buffer)];
    };
    for (const int input : node.inputs) release(input);
    release(node.residual);
  }

  void AddCopy(std::string name, const Shape& shape, const View& from, const View& to) {
    AddStep(std::move(name), {from.buffer, to.buffer},
            [&kernels = kernels_, shape, from, to](Addresses addresses) {
              kernels.copy(shape.data(), static_cast<int>(shape.size()), from.At(addresses),
                           to.At(addresses));
            });
  }

  Place PlaceConstant(int value) {
    const TensorPtr tensor = graph_.values[static_cast<std::size_t>(value)].constant;
    const Place place = NewPlace(tensor->shape, ElementType::kF32, false);
    AddStep("constant", {place.buffer}, [tensor, place](Addresses addresses) {
      auto* to = reinterpret_cast<float*>(addresses[place.buffer]);
      if (tensor->integer) {
        std::ranges::transform(tensor->integers, to,
                               [](std::int64_t x) { return static_cast<float>(x); });
      } else {
        std::ranges::copy(tensor->floats, to);
      }
    });
    return place;
  }

  Place Where(int value) {
    if (IsConstant(value)) return PlaceConstant(value);
    return places_[static_cast<std::size_t>(value)];
  }

  // The value in the wanted form; a copy if it lies in another.
  Place Read(int value, ElementType type, bool channels_last) {
    const Place place = Where(value);
    const Shape& shape = ShapeOf(value);
    const bool fits = place.channels_last == channels_last || SameInBothLayouts(shape);
    if (place.type == type && fits) return {place.buffer, type, channels_last};
    const Place copy = NewPlace(shape, type, channels_last);
    pending_[static_cast<std::size_t>(copy.buffer)] = 1;
    AddCopy("convert", shape, ViewOf(place, shape), ViewOf(copy, shape));
    return copy;
  }

  // A target for the node's first output: the source's own memory if nothing else reads it.
  Place InPlaceOrNew(const Place& source, int output) {
    if (pending_[static_cast<std::size_t>(source.buffer)] == 1) return source;
    return NewPlace(ShapeOf(output), source.type, source.channels_last);
  }

  Status LowerNode(const Node& node) {
    switch (node.op) {
      case Op::kConv:
        return LowerConv(node);
      case Op::kDense:
        return LowerDense(node);
      case Op::kAffine:
        return LowerAffine(node);
      case Op::kRelu:
      case Op::kLeakyRelu:
      case Op::kPRelu:
      case Op::kClip:
        return LowerActivation(node);
      case Op::kAdd:
      case Op::kSub:
      case Op::kMul:
      case Op::kDiv:
      case Op::kPow:
        return LowerBinary(node);
      case Op::kAbs:
      case Op::kExp:
      case Op::kNeg:
      case Op::kSigmoid:
      case Op::kSqrt:
      case Op::kTanh:
        return LowerUnary(node);
      case Op::kMaxPool:
      case Op::kAveragePool:
      case Op::kGlobalAveragePool:
      case Op::kGlobalMaxPool:
        return LowerPool(node);
      case Op::kReshape:
      case Op::kFlatten:
      case Op::kSqueeze:
      case Op::kUnsqueeze:
      case Op::kIdentity:
      case Op::kDropout:
        return LowerReshape(node);
      case Op::kTranspose:
        return LowerTranspose(node);
      case Op::kConcat:
        return LowerConcat(node);
      case Op::kPad:
        return LowerPad(node);
      case Op::kResize:
      case Op::kUpsample:
        return LowerResize(node);
      case Op::kSlice:
        return LowerSlice(node);
      case Op::kSoftmax:
        return LowerSoftmax(node);
      default:
        return Fail(Code::kUnsupported, "this operator is supported on constants only");
    }
  }

  TensorPtr Constant(const Node& node, std::size_t input) const {
    if (!node.Has(input)) return nullptr;
    return graph_.values[static_cast<std::size_t>(node.inputs[input])].constant;
  }

  Status CountProducts(std::int64_t outputs, std::int64_t each) {
    if (each > kMaxProducts / std::max<std::int64_t>(outputs, 1)) {
      return Fail(Code::kTooLarge, "it needs too many multiplications");
    }
    program_.products += outputs * each;
    if (program_.products > kMaxProducts) {
      return Fail(Code::kTooLarge, "the graph needs too many multiplications");
    }
    return {};
  }

  // The finish of one slope a channel, as a pass over `place` in place.
  void AddFinish(const Node& node, const Place& place, const Shape& shape, const Activation& how) {
    const std::int64_t channels = shape.size() == 4 ? shape[1] : shape.back();
    AddStep(fmt::format("activation of {}", node.name), {place.buffer},
            [&kernels = kernels_, place, channels, rows = ElementsOf(shape) / channels,
             owned = FinishOf(how, channels)](Addresses addresses) {
              std::byte* data = addresses[place.buffer];
              kernels.rows(data, nullptr, data, place.type, rows, channels, nullptr, nullptr,
                           owned.finish);
            });
  }

  Status LowerConv(const Node& node) {
    const Shape& input = ShapeOf(node.inputs[0]);
    const Shape& output = ShapeOf(node.outputs[0]);
    const TensorPtr weights = Constant(node, 1);
    CANDID_ASSIGN(const Window window, WindowOf(node, input, &weights->shape[2]));
    CANDID_TRY(CountProducts(ElementsOf(output), weights->size() / weights->shape[0]));
    const std::int64_t slopes = static_cast<std::int64_t>(node.activation.slope.size());
    if (slopes > 1 && slopes != output[1]) {
      return Fail(Code::kMalformed, fmt::format("{} slopes for {} channels", slopes, output[1]));
    }
    const std::int64_t groups = node.Int("group", 1);
    const Place source = Read(node.inputs[0], wide_, true);
    if (groups == input[1] && groups == output[1] && groups > 1) {
      return LowerDepthwise(node, window, source);
    }
    ConvolutionSpec spec;
    spec.source = wide_;
    spec.target = TypeFor(node.outputs[0]);
    spec.batch = input[0];
    spec.channels = input[1];
    spec.height = input[2];
    spec.width = input[3];
    spec.outputs = output[1];
    spec.groups = groups;
    spec.window = window;
    spec.residual = node.residual != kAbsent;
    const bool fused = FusesActivation(node.activation);
    if (fused) spec.activation = node.activation;
    CANDID_ASSIGN(std::shared_ptr<Primitive> primitive,
                  MakeConvolution(spec, weights, Constant(node, 2), graph_.weights.get()));
    Place target = {-1, spec.target, true};
    if (spec.residual) {
      const Place residual = Read(node.residual, spec.target, true);
      target = InPlaceOrNew(residual, node.outputs[0]);
      if (target.buffer != residual.buffer) {
        AddCopy("residual", output, ViewOf(residual, output), ViewOf(target, output));
      }
    } else {
      target = NewPlace(output, spec.target, true);
    }
    AddPrimitive(node, std::move(primitive), source, target);
    if (!fused) AddFinish(node, target, output, node.activation);
    SetPlace(node.outputs[0], target);
    return {};
  }

  void AddPrimitive(const Node& node, std::shared_ptr<Primitive> primitive, const Place& source,
                    const Place& target) {
    auto& scratch = program_.buffers[0].bytes;
    scratch = std::max(scratch, primitive->scratch_bytes());
    std::string name = fmt::format("{} {}", Describe(node), primitive->name());
    AddStep(std::move(name), {source.buffer, target.buffer},
            [primitive = std::move(primitive), source, target](Addresses addresses) {
              primitive->Run(addresses[source.buffer], addresses[target.buffer], addresses[0]);
            });
  }

  // Weights [kh][kw][C], then the bias.
  FloatsPtr DepthwiseWeights(const TensorPtr& weights, const TensorPtr& bias) {
    const auto channels = static_cast<std::size_t>(weights->shape[0]);
    const std::size_t area = weights->floats.size() / channels;
    const auto make = [&]() -> std::shared_ptr<const void> {
      auto packed = std::make_shared<std::vector<float>>((area + 1) * channels, 0.F);
      for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t a = 0; a < area; ++a) {
          (*packed)[a * channels + c] = weights->floats[c * area + a];
        }
        if (bias != nullptr) (*packed)[area * channels + c] = bias->floats[c];
      }
      return packed;
    };
    const auto always = [](const void*) { return true; };
    return std::static_pointer_cast<const std::vector<float>>(
        graph_.weights->Get(weights.get(), always, make));
  }

  Status LowerDepthwise(const Node& node, const Window& window, const Place& source) {
    const Shape& input = ShapeOf(node.inputs[0]);
    const Shape& output = ShapeOf(node.outputs[0]);
    const FloatsPtr weights = DepthwiseWeights(Constant(node, 1), Constant(node, 2));
    const bool residual = node.residual != kAbsent;
    const Place target = NewPlace(output, TypeFor(node.outputs[0]), true);
    const OwnedFinish owned = FinishOf(residual ? Activation{} : node.activation, output[1]);
    DepthwiseShape shape{};
    shape.batch = input[0];
    shape.channels = input[1];
    shape.height = input[2];
    shape.width = input[3];
    shape.out_height = output[2];
    shape.out_width = output[3];
    for (int i = 0; i < 2; ++i) {
      shape.kernel[i] = window.kernel[i];
      shape.stride[i] = window.stride[i];
      shape.begin[i] = window.begin[i];
      shape.dilation[i] = window.dilation[i];
    }
    shape.weights = weights->data();
    shape.bias = weights->data() + window.kernel[0] * window.kernel[1] * input[1];
    shape.finish = owned.finish;
    AddStep(fmt::format("{} depthwise", Describe(node)), {source.buffer, target.buffer},
            [&kernels = kernels_, shape, weights, owned, source, target](Addresses addresses) {
              kernels.depthwise(shape, addresses[source.buffer], addresses[target.buffer],
                                source.type, target.type);
            });
    if (residual) {
      const Place other = Read(node.residual, target.type, true);
      AddSum(node, target, other, target, output);
    }
    SetPlace(node.outputs[0], target);
    return {};
  }

  // target = finish(a + b), all of one form; the last axis in memory is the channel.
  void AddSum(const Node& node, const Place& a, const Place& b, const Place& target,
              const Shape& shape) {
    const std::int64_t channels =
        shape.size() == 4 && a.channels_last ? shape[1] : (shape.empty() ? 1 : shape.back());
    AddStep(fmt::format("{} sum", Describe(node)), {a.buffer, b.buffer, target.buffer},
            [&kernels = kernels_, a, b, target, channels, rows = ElementsOf(shape) / channels,
             owned = FinishOf(node.activation, channels)](Addresses addresses) {
              kernels.rows(addresses[a.buffer], addresses[b.buffer], addresses[target.buffer],
                           target.type, rows, channels, nullptr, nullptr, owned.finish);
            });
  }

  Status LowerDense(const Node& node) {
    const Shape& output = ShapeOf(node.outputs[0]);
    const TensorPtr weights = Constant(node, 1);
    DenseSpec spec;
    spec.source = wide_;
    spec.target = TypeFor(node.outputs[0]);
    spec.outputs = weights->shape[0];
    spec.inputs = weights->shape[1];
    spec.rows = ElementsOf(output) / spec.outputs;
    spec.activation = node.activation;
    CANDID_TRY(CountProducts(ElementsOf(output), spec.inputs));
    const Place source = Read(node.inputs[0], wide_, false);
    CANDID_ASSIGN(std::shared_ptr<Primitive> primitive,
                  MakeDense(spec, weights, Constant(node, 2), graph_.weights.get()));
    const Place target = NewPlace(output, spec.target, false);
    AddPrimitive(node, std::move(primitive), source, target);
    SetPlace(node.outputs[0], target);
    return {};
  }

  // finish(x * scale + shift) with numbers per channel (axis 1) or one for all; null scale: none.
  Status LowerRows(const Node& node, int input, FloatsPtr scale, FloatsPtr shift,
                   const Activation& activation) {
    const Shape& shape = ShapeOf(input);
    const auto single = [](const FloatsPtr& values) {
      return values == nullptr || values->size() == 1;
    };
    const bool uniform = single(scale) && single(shift) && activation.slope.size() <= 1;
    if (!uniform && shape.size() != 2 && shape.size() != 4) {
      return Fail(Code::kUnsupported,
                  fmt::format("numbers per channel on an input of {}", ToText(shape)));
    }
    const Place own = Where(input);
    const bool channels_last = shape.size() == 4 && (!uniform || own.channels_last);
    const Place source = Read(input, TypeFor(node.outputs[0]), channels_last);
    const std::int64_t channels = shape.empty()                        ? 1
                                  : shape.size() == 4 && channels_last ? shape[1]
                                                                       : shape.back();
    const auto slopes = static_cast<std::int64_t>(activation.slope.size());
    if (slopes > 1 && slopes != channels) {
      return Fail(Code::kMalformed, fmt::format("{} slopes for {} channels", slopes, channels));
    }
    for (FloatsPtr* values : {&scale, &shift}) {
      if (*values != nullptr && (*values)->size() == 1) {
        *values = std::make_shared<const std::vector<float>>(static_cast<std::size_t>(channels),
                                                             (**values)[0]);
      }
    }
    const Place target = InPlaceOrNew(source, node.outputs[0]);
    AddStep(Describe(node), {source.buffer, target.buffer},
            [&kernels = kernels_, source, target, channels, scale, shift,
             rows = ElementsOf(shape) / channels,
             owned = FinishOf(activation, channels)](Addresses addresses) {
              kernels.rows(addresses[source.buffer], nullptr, addresses[target.buffer], target.type,
                           rows, channels, scale == nullptr ? nullptr : scale->data(),
                           scale == nullptr ? nullptr : shift->data(), owned.finish);
            });
    SetPlace(node.outputs[0], target);
    return {};
  }

  static FloatsPtr Floats(std::vector<float> values) {
    return std::make_shared<const std::vector<float>>(std::move(values));
  }

  Status LowerAffine(const Node& node) {
    return LowerRows(node, node.inputs[0], Floats(Constant(node, 1)->floats),
                     Floats(Constant(node, 2)->floats), node.activation);
  }

  Status LowerActivation(const Node& node) {
    const auto activation = ActivationOf(graph_, node);
    if (!activation) {
      return Fail(Code::kUnsupported, "its slopes or bounds must be constant, one a channel");
    }
    return LowerRows(node, node.inputs[0], nullptr, nullptr, *activation);
  }

  // x op constant as a scale and shift, where the constant is one number or one a channel.
  bool LowerByConstant(const Node& node, Status* status) {
    const bool right = IsConstant(node.inputs[1]);
    if (!right && !IsConstant(node.inputs[0])) return false;
    const TensorPtr constant = Constant(node, right ? 1 : 0);
    const int input = node.inputs[right ? 0 : 1];
    const Shape& shape = ShapeOf(input);
    if (constant->integer || shape != ShapeOf(node.outputs[0])) return false;
    const auto n = constant->size();
    const bool pictures = shape.size() == 4 && constant->shape.size() >= 3 && n == shape[1] &&
                          constant->shape[constant->shape.size() - 3] == n;
    const bool rows = shape.size() == 2 && n == shape[1];
    if (n != 1 && !pictures && !rows) return false;
    std::vector<float> values = constant->floats;
    std::vector<float> ones(values.size(), 1);
    const std::vector<float> zeros(values.size(), 0);
    switch (node.op) {
      case Op::kAdd:
        break;
      case Op::kSub:
        if (right) {
          for (float& x : values) x = -x;
        } else {
          for (float& x : ones) x = -1;
        }
        break;
      case Op::kDiv:
        if (!right) return false;
        for (float& x : values) x = 1 / x;
        [[fallthrough]];
      case Op::kMul:
        *status = LowerRows(node, input, Floats(std::move(values)), Floats(zeros), {});
        return true;
      default:
        return false;
    }
    *status = LowerRows(node, input, Floats(std::move(ones)), Floats(std::move(values)), {});
    return true;
  }

  Status LowerBinary(const Node& node) {
    Status status;
    if (LowerByConstant(node, &status)) return status;
    const Shape& a_shape = ShapeOf(node.inputs[0]);
    const Shape& b_shape = ShapeOf(node.inputs[1]);
    const Shape& shape = ShapeOf(node.outputs[0]);
    const Place a_place = Where(node.inputs[0]);
    const bool channels_last = shape.size() == 4 && a_place.channels_last;
    const ElementType type = TypeFor(node.outputs[0]);
    if (node.op == Op::kAdd && a_shape == b_shape) {
      const Place a = Read(node.inputs[0], type, channels_last);
      const Place b = Read(node.inputs[1], type, channels_last);
      const Place target = InPlaceOrNew(a, node.outputs[0]);
      AddSum(node, a, b, target, shape);
      SetPlace(node.outputs[0], target);
      return {};
    }
    const View a = BroadcastView(a_place, a_shape, shape);
    const View b = BroadcastView(Where(node.inputs[1]), b_shape, shape);
    const Place target = NewPlace(shape, type, channels_last);
    const View to = ViewOf(target, shape);
    AddStep(Describe(node), {a.buffer, b.buffer, target.buffer},
            [&kernels = kernels_, op = ArithmeticOf(node.op), shape, a, b, to](Addresses at) {
              kernels.binary(op, shape.data(), static_cast<int>(shape.size()), a.At(at), b.At(at),
                             to.At(at));
            });
    SetPlace(node.outputs[0], target);
    return {};
  }

  static Arithmetic ArithmeticOf(Op op) {
    switch (op) {
      case Op::kAdd:
        return Arithmetic::kAdd;
      case Op::kSub:
        return Arithmetic::kSub;
      case Op::kMul:
        return Arithmetic::kMul;
      case Op::kDiv:
        return Arithmetic::kDiv;
      default:
        return Arithmetic::kPow;
    }
  }

  static View BroadcastView(const Place& place, const Shape& own, const Shape& to) {
    View view = ViewOf(place, own);
    std::int64_t strides[kLoopRank] = {};
    const std::size_t skip = to.size() - own.size();
    for (std::size_t i = 0; i < own.size(); ++i) {
      strides[skip + i] = own[i] == 1 ? 0 : view.strided.strides[i];
    }
    std::ranges::copy(strides, view.strided.strides);
    return view;
  }

  Status LowerUnary(const Node& node) {
    Function function = Function::kTanh;
    if (node.op == Op::kAbs) function = Function::kAbs;
    if (node.op == Op::kExp) function = Function::kExp;
    if (node.op == Op::kNeg) function = Function::kNeg;
    if (node.op == Op::kSigmoid) function = Function::kSigmoid;
    if (node.op == Op::kSqrt) function = Function::kSqrt;
    const Place own = Where(node.inputs[0]);
    const Place source = Read(node.inputs[0], TypeFor(node.outputs[0]), own.channels_last);
    const Place target = InPlaceOrNew(source, node.outputs[0]);
    AddStep(Describe(node), {source.buffer, target.buffer},
            [&kernels = kernels_, function, source, target,
             count = ElementsOf(ShapeOf(node.outputs[0]))](Addresses addresses) {
              kernels.unary(function, addresses[source.buffer], addresses[target.buffer],
                            target.type, count);
            });
    SetPlace(node.outputs[0], target);
    return {};
  }

  Status LowerPool(const Node& node) {
    const Shape& input = ShapeOf(node.inputs[0]);
    const Shape& output = ShapeOf(node.outputs[0]);
    CANDID_ASSIGN(const Window window, WindowOf(node, input, nullptr));
    CANDID_TRY(CountProducts(ElementsOf(output), window.kernel[0] * window.kernel[1]));
    PoolShape shape{};
    shape.batch = input[0];
    shape.channels = input[1];
    shape.height = input[2];
    shape.width = input[3];
    shape.out_height = output[2];
    shape.out_width = output[3];
    for (int i = 0; i < 2; ++i) {
      shape.kernel[i] = window.kernel[i];
      shape.stride[i] = window.stride[i];
      shape.begin[i] = window.begin[i];
      shape.dilation[i] = window.dilation[i];
      shape.padded[i] = input[static_cast<std::size_t>(2 + i)] + window.begin[i] + window.end[i];
    }
    shape.maximum = node.op == Op::kMaxPool || node.op == Op::kGlobalMaxPool;
    shape.count_padding = node.Int("count_include_pad", 0) != 0;
    const Place source = Read(node.inputs[0], TypeFor(node.outputs[0]), true);
    const Place target = NewPlace(output, source.type, true);
    AddStep(Describe(node), {source.buffer, target.buffer},
            [&kernels = kernels_, shape, source, target](Addresses addresses) {
              kernels.pool(shape, addresses[source.buffer], addresses[target.buffer], target.type);
            });
    SetPlace(node.outputs[0], target);
    return {};
  }

  // The same row-major elements under another shape: the same memory.
  Status LowerReshape(const Node& node) {
    const ElementType type = Where(node.inputs[0]).type;
    const Place place = Read(node.inputs[0], type, false);
    SetPlace(node.outputs[0], place);
    return {};
  }

  Status LowerTranspose(const Node& node) {
    const Shape& input = ShapeOf(node.inputs[0]);
    const Shape& output = ShapeOf(node.outputs[0]);
    CANDID_ASSIGN(const auto order, PermutationOf(node, input.size()));
    const Place source = Where(node.inputs[0]);
    const View from = ViewOf(source, input);
    View permuted = from;
    for (std::size_t i = 0; i < order.size(); ++i) {
      permuted.strided.strides[i] = from.strided.strides[order[i]];
    }
    const Shape row_major = RowMajorStrides(output);
    bool same = true;
    for (std::size_t i = 0; i < order.size(); ++i) {
      same = same && (output[i] == 1 || row_major[i] == permuted.strided.strides[i]);
    }
    if (same && !IsConstant(node.inputs[0])) {
      // Channels-last memory is the transposed tensor already.
      SetPlace(node.outputs[0], {source.buffer, source.type, false});
      return {};
    }
    const Place target = NewPlace(output, TypeFor(node.outputs[0]), false);
    AddCopy(Describe(node), output, permuted, ViewOf(target, output));
    SetPlace(node.outputs[0], target);
    return {};
  }

  Status LowerConcat(const Node& node) {
    const Shape& output = ShapeOf(node.outputs[0]);
    CANDID_ASSIGN(const std::size_t axis, Axis(node.Int("axis", 1), output.size()));
    bool channels_last = output.size() == 4;
    for (const int input : node.inputs) {
      channels_last = channels_last && !IsConstant(input) &&
                      places_[static_cast<std::size_t>(input)].channels_last;
    }
    const Place target = NewPlace(output, TypeFor(node.outputs[0]), channels_last);
    View to = ViewOf(target, output);
    for (const int input : node.inputs) {
      const Shape& shape = ShapeOf(input);
      AddCopy(Describe(node), shape, ViewOf(Where(input), shape), to);
      to.offset += shape[axis] * to.strided.strides[axis];
    }
    SetPlace(node.outputs[0], target);
    return {};
  }

  Status LowerPad(const Node& node) {
    const Shape& input = ShapeOf(node.inputs[0]);
    const Shape& output = ShapeOf(node.outputs[0]);
    CANDID_ASSIGN(const auto pads, PadsOf(graph_, node));
    float value = node.Float("value", 0);
    if (graph_.opset >= 11 && node.Has(2)) {
      const TensorPtr constant = Constant(node, 2);
      if (constant == nullptr || constant->integer || constant->size() != 1) {
        return Fail(Code::kUnsupported, "its value must be a constant number");
      }
      value = constant->floats[0];
    }
    const Place source = Where(node.inputs[0]);
    const Place target = NewPlace(output, TypeFor(node.outputs[0]), source.channels_last);
    AddStep(Describe(node), {target.buffer},
            [&kernels = kernels_, target, value, count = ElementsOf(output)](Addresses addresses) {
              kernels.fill(addresses[target.buffer], target.type, count, value);
            });
    View to = ViewOf(target, output);
    for (std::size_t i = 0; i < input.size(); ++i) to.offset += pads[i] * to.strided.strides[i];
    AddCopy(Describe(node), input, ViewOf(source, input), to);
    SetPlace(node.outputs[0], target);
    return {};
  }

  // Every pixel to a block of copies: a copy over (n, c, h, fh, w, fw) whose source stands still
  // along the factors.
  Status LowerResize(const Node& node) {
    const Shape& input = ShapeOf(node.inputs[0]);
    const Shape& output = ShapeOf(node.outputs[0]);
    CANDID_ASSIGN(const auto scales, ScalesOf(graph_, node));
    if (input.size() != 4) return Fail(Code::kUnsupported, "only NCHW is resized");
    const Place source = Where(node.inputs[0]);
    const Place target = NewPlace(output, TypeFor(node.outputs[0]), source.channels_last);
    View from = ViewOf(source, input);
    View to = ViewOf(target, output);
    Shape loop;
    StridedView split_from = from.strided;
    StridedView split_to = to.strided;
    for (std::size_t i = 0; i < 4; ++i) {
      loop.push_back(input[i]);
      loop.push_back(scales[i]);
      split_from.strides[2 * i] = from.strided.strides[i];
      split_from.strides[2 * i + 1] = 0;
      split_to.strides[2 * i] = to.strided.strides[i] * scales[i];
      split_to.strides[2 * i + 1] = to.strided.strides[i];
    }
    from.strided = split_from;
    to.strided = split_to;
    AddCopy(Describe(node), loop, from, to);
    SetPlace(node.outputs[0], target);
    return {};
  }

  Status LowerSlice(const Node& node) {
    const Shape& input = ShapeOf(node.inputs[0]);
    const Shape& output = ShapeOf(node.outputs[0]);
    CANDID_ASSIGN(const auto ranges, SliceOf(graph_, node, input));
    const Place source = Where(node.inputs[0]);
    View from = ViewOf(source, input);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      from.offset += ranges[i].begin * from.strided.strides[i];
      from.strided.strides[i] *= ranges[i].step;
    }
    const Place target = NewPlace(output, TypeFor(node.outputs[0]), source.channels_last);
    AddCopy(Describe(node), output, from, ViewOf(target, output));
    SetPlace(node.outputs[0], target);
    return {};
  }

  // Before opset 13 the axis splits the tensor into a matrix; since then it is one dimension.
  Status LowerSoftmax(const Node& node) {
    const Shape& shape = ShapeOf(node.inputs[0]);
    const bool split = graph_.opset < 13;
    CANDID_ASSIGN(const std::size_t axis, Axis(node.Int("axis", split ? 1 : -1), shape.size()));
    std::int64_t size = 1;
    for (std::size_t i = axis; i < shape.size(); ++i) size *= shape[i];
    if (!split && size != shape[axis]) {
      return Fail(Code::kUnsupported, "only the last axis is supported");
    }
    const Place source = Read(node.inputs[0], ElementType::kF32, false);
    const Place target = InPlaceOrNew(source, node.outputs[0]);
    AddStep(Describe(node), {source.buffer, target.buffer},
            [&kernels = kernels_, source, target, size,
             rows = ElementsOf(shape) / size](Addresses addresses) {
              kernels.softmax(reinterpret_cast<const float*>(addresses[source.buffer]),
                              reinterpret_cast<float*>(addresses[target.buffer]), rows, size);
            });
    SetPlace(node.outputs[0], target);
    return {};
  }

  const Graph& graph_;
  const ElementType wide_;  // of what goes into convolutions
  const Kernels& kernels_;
  const std::vector<int> uses_;
  std::vector<Place> places_;
  std::vector<bool> feeds_products_;
  std::vector<int> pending_;  // reads still to come, by buffer
  Program program_;
};

}  // namespace

Result<Program> Lower(const Graph& graph, Precision precision) {
  return Lowering(graph, precision).Run();
}

}  // namespace candid::infer
