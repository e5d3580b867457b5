#include "candid/infer/onnx_reader.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "onnx.pb.h"

namespace candid::infer {
namespace {

struct OpName {
  std::string_view name;
  Op op;
};

constexpr OpName kOps[] = {
    {"Abs", Op::kAbs},
    {"Add", Op::kAdd},
    {"AveragePool", Op::kAveragePool},
    {"BatchNormalization", Op::kBatchNormalization},
    {"Cast", Op::kCast},
    {"Clip", Op::kClip},
    {"Concat", Op::kConcat},
    {"Constant", Op::kConstant},
    {"Conv", Op::kConv},
    {"Div", Op::kDiv},
    {"Dropout", Op::kDropout},
    {"Exp", Op::kExp},
    {"Flatten", Op::kFlatten},
    {"Gather", Op::kGather},
    {"Gemm", Op::kGemm},
    {"GlobalAveragePool", Op::kGlobalAveragePool},
    {"GlobalMaxPool", Op::kGlobalMaxPool},
    {"Identity", Op::kIdentity},
    {"LeakyRelu", Op::kLeakyRelu},
    {"MatMul", Op::kMatMul},
    {"MaxPool", Op::kMaxPool},
    {"Mul", Op::kMul},
    {"Neg", Op::kNeg},
    {"PRelu", Op::kPRelu},
    {"Pad", Op::kPad},
    {"Pow", Op::kPow},
    {"Relu", Op::kRelu},
    {"Reshape", Op::kReshape},
    {"Resize", Op::kResize},
    {"Shape", Op::kShape},
    {"Sigmoid", Op::kSigmoid},
    {"Slice", Op::kSlice},
    {"Softmax", Op::kSoftmax},
    {"Sqrt", Op::kSqrt},
    {"Squeeze", Op::kSqueeze},
    {"Sub", Op::kSub},
    {"Tanh", Op::kTanh},
    {"Transpose", Op::kTranspose},
    {"Unsqueeze", Op::kUnsqueeze},
    {"Upsample", Op::kUpsample},
};

std::optional<Op> OpNamed(std::string_view name) {
  for (const OpName& entry : kOps) {
    if (entry.name == name) return entry.op;
  }
  return std::nullopt;
}

// raw_data is little-endian by the ONNX standard, as is every CPU this is built for.
static_assert(std::endian::native == std::endian::little);

float HalfToFloat(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half & 0x8000U} << 16;
  const std::uint32_t magnitude = half & 0x7fffU;
  // Scaling by 2^112 maps half's exponents (subnormals too) onto float's.
  float value = std::bit_cast<float>(magnitude << 13) * 0x1p112F;
  if (magnitude >= 0x7c00) value = std::bit_cast<float>(0x7f800000U | (magnitude << 13));
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | sign);
}

// The tensor's elements as type T, from raw_data or from the typed field.
template <typename T, typename Field, typename Convert, typename Out>
Status ReadElements(const std::string& raw, bool has_raw, const Field& field, std::int64_t count,
                    Convert convert, std::vector<Out>* out) {
  const auto n = static_cast<std::size_t>(count);
  if (has_raw) {
    if (raw.size() != n * sizeof(T)) {
      return Fail(Code::kMalformed, fmt::format("a tensor holds {} bytes where its shape says {}",
                                                raw.size(), n * sizeof(T)));
    }
    out->resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      T element;
      std::memcpy(&element, raw.data() + i * sizeof(T), sizeof(T));
      (*out)[i] = convert(element);
    }
    return {};
  }
  if (static_cast<std::size_t>(field.size()) != n) {
    return Fail(Code::kMalformed,
                fmt::format("a tensor holds {} elements where its shape says {}", field.size(), n));
  }
  out->reserve(n);
  for (const auto& element : field) out->push_back(convert(static_cast<T>(element)));
  return {};
}

Result<TensorPtr> ReadTensor(const onnx::TensorProto& proto) {
  if (proto.data_location() == onnx::TensorProto::EXTERNAL || proto.external_data_size() > 0) {
    return Fail(Code::kUnsupported, fmt::format("tensor '{}' keeps its data in another file; "
                                                "save the model as one file",
                                                proto.name()));
  }
  Tensor tensor;
  tensor.shape.assign(proto.dims().begin(), proto.dims().end());
  CANDID_ASSIGN(const std::int64_t count, CountElements(tensor.shape));
  const std::string& raw = proto.raw_data();
  const bool has_raw = proto.has_raw_data();
  const auto to_float = [](auto x) { return static_cast<float>(x); };
  const auto to_int = [](auto x) { return static_cast<std::int64_t>(x); };
  Status read;
  switch (proto.data_type()) {
    case onnx::TensorProto::FLOAT:
      read = ReadElements<float>(raw, has_raw, proto.float_data(), count, to_float, &tensor.floats);
      break;
    case onnx::TensorProto::DOUBLE:
      read =
          ReadElements<double>(raw, has_raw, proto.double_data(), count, to_float, &tensor.floats);
      break;
    case onnx::TensorProto::FLOAT16:
      read = ReadElements<std::uint16_t>(raw, has_raw, proto.int32_data(), count, HalfToFloat,
                                         &tensor.floats);
      break;
    case onnx::TensorProto::INT64:
      tensor.integer = true;
      read = ReadElements<std::int64_t>(raw, has_raw, proto.int64_data(), count, to_int,
                                        &tensor.integers);
      break;
    case onnx::TensorProto::INT32:
      tensor.integer = true;
      read = ReadElements<std::int32_t>(raw, has_raw, proto.int32_data(), count, to_int,
                                        &tensor.integers);
      break;
    default:
      return Fail(
          Code::kUnsupported,
          fmt::format("tensor '{}' is of element type {}; known are float, double, float16, "
                      "int32 and int64",
                      proto.name(), proto.data_type()));
  }
  if (!read.has_value()) {
    return Fail(read.error().WithContext(fmt::format("tensor '{}'", proto.name())));
  }
  return std::make_shared<const Tensor>(std::move(tensor));
}

Result<Attribute> ReadAttribute(const onnx::AttributeProto& proto) {
  switch (proto.type()) {
    case onnx::AttributeProto::INT:
      return Attribute(std::int64_t{proto.i()});
    case onnx::AttributeProto::FLOAT:
      return Attribute(proto.f());
    case onnx::AttributeProto::STRING:
      return Attribute(proto.s());
    case onnx::AttributeProto::INTS:
      return Attribute(std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end()));
    case onnx::AttributeProto::FLOATS:
      return Attribute(std::vector<float>(proto.floats().begin(), proto.floats().end()));
    case onnx::AttributeProto::TENSOR: {
      CANDID_ASSIGN(TensorPtr tensor, ReadTensor(proto.t()));
      return Attribute(std::move(tensor));
    }
    default:
      return Fail(Code::kUnsupported,
                  fmt::format("attribute '{}' is of a kind ({}) that is not known here",
                              proto.name(), static_cast<int>(proto.type())));
  }
}

// Free and symbolic sizes become -1.
Shape DeclaredShape(const onnx::ValueInfoProto& info) {
  Shape shape;
  for (const auto& dim : info.type().tensor_type().shape().dim()) {
    shape.push_back(dim.has_dim_value() && dim.dim_value() > 0 ? dim.dim_value() : -1);
  }
  return shape;
}

class Reader {
 public:
  explicit Reader(Graph* graph) : graph_(graph) {}

  Status Read(const onnx::GraphProto& proto) {
    if (proto.node_size() > kMaxNodes || proto.initializer_size() > 4 * kMaxNodes) {
      return Fail(Code::kTooLarge, fmt::format("the graph has {} nodes, more than {}",
                                               proto.node_size(), kMaxNodes));
    }
    if (proto.sparse_initializer_size() > 0) {
      return Fail(Code::kUnsupported, "the graph has sparse weights");
    }
    for (const auto& initializer : proto.initializer()) {
      CANDID_ASSIGN(const int value, Define(initializer.name()));
      CANDID_ASSIGN(graph_->values[static_cast<std::size_t>(value)].constant,
                    ReadTensor(initializer));
    }
    CANDID_TRY(ReadInputs(proto));
    for (const auto& node : proto.node()) {
      auto read = ReadNode(node);
      if (!read.has_value()) {
        return Fail(read.error().WithContext(fmt::format(
            "{} '{}'", node.op_type(),
            node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name())));
      }
    }
    return ReadOutputs(proto);
  }

 private:
  Result<int> Define(const std::string& name) {
    const int value = static_cast<int>(graph_->values.size());
    if (!names_.emplace(name, value).second) {
      return Fail(Code::kMalformed, fmt::format("value '{}' is defined twice", name));
    }
    graph_->values.push_back({name, {}, nullptr});
    return value;
  }

  Result<int> Find(const std::string& name) const {
    const auto found = names_.find(name);
    if (found == names_.end()) {
      return Fail(Code::kMalformed,
                  fmt::format("value '{}' is used before anything computes it", name));
    }
    return found->second;
  }

  Status ReadInputs(const onnx::GraphProto& proto) {
    for (const auto& input : proto.input()) {
      if (names_.contains(input.name())) continue;  // old files list the initializers
      if (input.type().tensor_type().elem_type() != onnx::TensorProto::FLOAT) {
        return Fail(Code::kUnsupported, fmt::format("input '{}' is not float", input.name()));
      }
      CANDID_ASSIGN(const int value, Define(input.name()));
      const Shape shape = DeclaredShape(input);
      if (shape.size() > kMaxRank) {
        return Fail(Code::kTooLarge, fmt::format("input '{}' has {} dimensions, more than {}",
                                                 input.name(), shape.size(), kMaxRank));
      }
      graph_->inputs.push_back(value);
      graph_->input_info.push_back({input.name(), shape});
    }
    return {};
  }

  Status ReadNode(const onnx::NodeProto& proto) {
    if (!proto.domain().empty() && proto.domain() != "ai.onnx") {
      return Fail(Code::kUnsupported,
                  fmt::format("operators of domain '{}' are not supported", proto.domain()));
    }
    const auto op = OpNamed(proto.op_type());
    if (!op) return Fail(Code::kUnsupported, "this operator is not supported");
    if (proto.output_size() == 0) return Fail(Code::kMalformed, "the node has no output");
    Node node;
    node.op = *op;
    node.name = proto.name().empty() ? proto.output(0) : proto.name();
    for (const auto& input : proto.input()) {
      int value = kAbsent;
      if (!input.empty()) {
        CANDID_ASSIGN(value, Find(input));
      }
      node.inputs.push_back(value);
    }
    if (node.op != Op::kConstant && !node.Has(0)) {
      return Fail(Code::kMalformed, "the node has no input");
    }
    for (const auto& attribute : proto.attribute()) {
      CANDID_ASSIGN(node.attributes[attribute.name()], ReadAttribute(attribute));
    }
    for (const auto& output : proto.output()) {
      int value = kAbsent;
      if (!output.empty()) {
        CANDID_ASSIGN(value, Define(output));
      }
      node.outputs.push_back(value);
    }
    if (node.outputs[0] == kAbsent) return Fail(Code::kMalformed, "the first output has no name");
    graph_->nodes.push_back(std::move(node));
    return {};
  }

  Status ReadOutputs(const onnx::GraphProto& proto) {
    for (const auto& output : proto.output()) {
      CANDID_ASSIGN(const int value, Find(output.name()));
      graph_->outputs.push_back(value);
      graph_->output_info.push_back({output.name(), DeclaredShape(output)});
    }
    if (graph_->inputs.empty() || graph_->outputs.empty()) {
      return Fail(Code::kMalformed, "the graph has no input or no output");
    }
    return {};
  }

  Graph* graph_;
  std::unordered_map<std::string, int> names_;
};

}  // namespace

std::string_view NameOf(Op op) {
  for (const OpName& entry : kOps) {
    if (entry.op == op) return entry.name;
  }
  return op == Op::kAffine ? "scale and shift" : "dense layer";
}

Result<std::unique_ptr<Graph>> ReadOnnx(ByteSpan onnx, std::string name) {
  if (onnx.size() > kMaxModelBytes) {
    return Fail(Code::kTooLarge,
                fmt::format("{} has {} bytes, more than {}", name, onnx.size(), kMaxModelBytes));
  }
  onnx::ModelProto proto;
  if (!proto.ParseFromArray(onnx.data(), static_cast<int>(onnx.size())) || !proto.has_graph()) {
    return Fail(Code::kMalformed, name + " is not an ONNX file, or is cut short");
  }
  auto graph = std::make_unique<Graph>();
  graph->name = std::move(name);
  for (const auto& opset : proto.opset_import()) {
    if (opset.domain().empty() || opset.domain() == "ai.onnx") graph->opset = opset.version();
  }
  if (graph->opset < kMinOpset || graph->opset > kMaxOpset) {
    return Fail(Code::kUnsupported, fmt::format("{} is of ONNX opset {}; supported are {} to {}",
                                                graph->name, graph->opset, kMinOpset, kMaxOpset));
  }
  auto read = Reader(graph.get()).Read(proto.graph());
  if (!read.has_value()) return Fail(read.error().WithContext(graph->name));
  return graph;
}

}  // namespace candid::infer
