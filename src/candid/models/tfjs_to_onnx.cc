#include "candid/models/tfjs_to_onnx.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <stdexcept>

#include "candid/models/low_rank.h"
#include "candid/models/onnx_writer.h"

namespace candid::models {
namespace {

// A tensor of the new graph. Sides of 0: it has lost its picture form.
struct Value {
  std::string name;
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
};

// relu(x) + c (x - |x|), in five nodes or in four of which x has the Relu inside.
struct SpelledPrelu {
  std::string x;
  std::string c;
  bool relu_inside = false;
};

// min(max(x, low), high).
struct Clip {
  std::string x;
  float low = 0;
  float high = 0;
};

class Converter {
 public:
  Converter(const TfjsGraph& graph, const std::string& name, const ConversionOptions& options)
      : graph_(graph), options_(options), writer_(name) {
    for (const TfjsNode& node : graph.nodes) {
      by_name_[node.name] = &node;
      for (const std::string& input : node.inputs) ++users_[input];
    }
  }

  Bytes Convert() {
    FindSpelledPrelus();
    FindNormalisation();
    FindClips();
    for (const TfjsNode& node : graph_.nodes) {
      if (!skipped_.contains(node.name)) Emit(node);
    }
    for (const TfjsNode& node : graph_.nodes) {
      if (!values_.contains(node.name)) continue;
      if (users_.contains(node.name) && !IsNamedOutput(node.name)) continue;
      const Value& value = values_.at(node.name);
      writer_.AddOutput(value.name, shapes_.at(value.name));
    }
    return writer_.Serialise();
  }

 private:
  const TfjsNode* Node(const std::string& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }

  const TfjsNode* NodeOf(const std::string& name, std::string_view op) const {
    const TfjsNode* node = Node(name);
    return node != nullptr && node->op == op ? node : nullptr;
  }

  const TfjsTensor& Weight(const std::string& name) const {
    const auto found = graph_.weights.find(name);
    if (found == graph_.weights.end()) throw std::invalid_argument(name + " is not a constant");
    return found->second;
  }

  const Value& Input(const TfjsNode& node, std::size_t index) const {
    const auto found = values_.find(node.inputs.at(index));
    if (found == values_.end()) {
      throw std::invalid_argument(node.name + " reads " + node.inputs[index] + ", unknown");
    }
    return found->second;
  }

  void FindSpelledPrelus() {
    for (const TfjsNode& node : graph_.nodes) {
      if (node.op != "Add" || node.inputs.size() != 2) continue;
      const TfjsNode* scaled = NodeOf(node.inputs[1], "Mul");
      if (scaled == nullptr || !graph_.weights.contains(scaled->inputs[1])) continue;
      const TfjsNode* difference = NodeOf(scaled->inputs[0], "Sub");
      if (difference == nullptr) continue;
      const TfjsNode* absolute = NodeOf(difference->inputs[1], "Abs");
      if (absolute == nullptr || absolute->inputs[0] != difference->inputs[0]) continue;
      SpelledPrelu prelu{difference->inputs[0], scaled->inputs[1], false};
      const TfjsNode* relu = NodeOf(node.inputs[0], "Relu");
      if (relu != nullptr && relu->inputs[0] == prelu.x) {
        skipped_.insert(relu->name);
      } else if (node.inputs[0] == prelu.x) {
        prelu.relu_inside = true;
        unfused_.insert(prelu.x);
      } else {
        continue;
      }
      for (const TfjsNode* part : {scaled, difference, absolute}) skipped_.insert(part->name);
      prelus_[node.name] = prelu;
    }
  }

  // x * rsqrt(max(sum(x * x), epsilon)): left out, its input becomes an output.
  void FindNormalisation() {
    for (const TfjsNode& node : graph_.nodes) {
      if (node.op != "Mul" || node.inputs.size() != 2) continue;
      const TfjsNode* step = NodeOf(node.inputs[1], "Rsqrt");
      if (step == nullptr) continue;
      skipped_.insert(node.name);
      while (step != nullptr && step->name != node.inputs[0]) {
        skipped_.insert(step->name);
        step = Node(step->inputs[0]);
      }
      users_.erase(node.inputs[0]);
    }
  }

  // max(min(relu(x), high), low), as clip_by_value writes it behind a Relu.
  void FindClips() {
    for (const TfjsNode& node : graph_.nodes) {
      if (node.op != "Maximum" || node.inputs.size() != 2) continue;
      const TfjsNode* least = NodeOf(node.inputs[0], "Minimum");
      const TfjsNode* relu = least == nullptr ? nullptr : NodeOf(least->inputs[0], "Relu");
      if (relu == nullptr || users_.at(least->name) != 1 || users_.at(relu->name) != 1) continue;
      clips_[node.name] = {relu->inputs[0], std::max(Scalar(node.inputs[1]), 0.0F),
                           Scalar(least->inputs[1])};
      skipped_.insert(least->name);
      skipped_.insert(relu->name);
    }
  }

  bool IsNamedOutput(const std::string& name) const {
    return std::find(graph_.outputs.begin(), graph_.outputs.end(), name) != graph_.outputs.end();
  }

  float Scalar(const std::string& name) const {
    const TfjsTensor& weight = Weight(name);
    if (weight.values.size() != 1) throw std::invalid_argument(name + " is not one figure");
    return weight.values.front();
  }

  void Define(const TfjsNode& node, Value value, Dims shape) {
    shapes_[value.name] = std::move(shape);
    values_[node.name] = std::move(value);
  }

  void Define(const TfjsNode& node, const Value& value) {
    Define(node, value, {1, value.channels, value.height, value.width});
  }

  std::string Floats(const std::string& owner, const std::string& what, const Dims& shape,
                     const std::vector<float>& values) {
    return writer_.AddFloats(owner + "/" + what, shape, values);
  }

  // TensorFlow's SAME: as many outputs as strides fit, the odd pixel of padding at the end.
  static std::pair<std::int64_t, std::int64_t> Padding(bool same, std::int64_t in, std::int64_t k,
                                                       std::int64_t stride) {
    if (!same) return {0, 0};
    const std::int64_t out = (in + stride - 1) / stride;
    const std::int64_t total = std::max<std::int64_t>((out - 1) * stride + k - in, 0);
    return {total / 2, total - total / 2};
  }

  // Sets the window attributes of the node added last; returns the output's sides.
  Value Window(const TfjsNode& node, const Value& x, std::int64_t kernel_height,
               std::int64_t kernel_width) {
    const std::int64_t down = node.strides.at(0), across = node.strides.at(1);
    const auto [top, bottom] = Padding(node.same_padding, x.height, kernel_height, down);
    const auto [left, right] = Padding(node.same_padding, x.width, kernel_width, across);
    writer_.Attribute("kernel_shape", Dims{kernel_height, kernel_width});
    writer_.Attribute("strides", Dims{down, across});
    writer_.Attribute("pads", Dims{top, left, bottom, right});
    Value out = x;
    out.height = (x.height + top + bottom - kernel_height) / down + 1;
    out.width = (x.width + left + right - kernel_width) / across + 1;
    return out;
  }

  void EmitConvolution(const TfjsNode& node, bool depthwise) {
    if (options_.embedding_rank > 0 && !depthwise && EmitFolded(node)) return;
    const Value x = Input(node, 0);
    const TfjsTensor& weight = Weight(node.inputs.at(1));
    const std::int64_t height = weight.shape.at(0), width = weight.shape.at(1);
    const std::int64_t in = weight.shape.at(2), last = weight.shape.at(3);
    if (depthwise && last != 1) throw std::invalid_argument(node.name + ": channel multiplier");
    if (in != x.channels) throw std::invalid_argument(node.name + ": channels do not match");
    const std::int64_t outputs = depthwise ? in : last, depth = depthwise ? 1 : in;
    std::vector<float> oihw(weight.values.size());
    for (std::int64_t h = 0; h < height; ++h) {
      for (std::int64_t w = 0; w < width; ++w) {
        for (std::int64_t i = 0; i < depth; ++i) {
          for (std::int64_t o = 0; o < outputs; ++o) {
            const std::int64_t from =
                depthwise ? (h * width + w) * in + o : ((h * width + w) * in + i) * last + o;
            oihw[((o * depth + i) * height + h) * width + w] = weight.values[from];
          }
        }
      }
    }
    std::vector<std::string> inputs{
        x.name, Floats(node.name, "weight", {outputs, depth, height, width}, oihw)};
    std::size_t next = 2;
    std::vector<std::string> fused = node.fused;
    if (!fused.empty() && fused.front() == "BiasAdd") {
      const TfjsTensor& bias = Weight(node.inputs.at(next++));
      inputs.push_back(Floats(node.name, "bias", {outputs}, bias.values));
      fused.erase(fused.begin());
    }
    // The Relu that does not belong here: its PReLU follows.
    if (unfused_.contains(node.name)) std::erase(fused, "Relu");
    if (fused.size() > 1) throw std::invalid_argument(node.name + ": more than one activation");
    const std::string plain = fused.empty() ? node.name : node.name + "/plain";
    writer_.AddNode("Conv", inputs, plain);
    writer_.Attribute("group", depthwise ? in : std::int64_t{1});
    Value out = Window(node, x, height, width);
    out.name = plain;
    out.channels = outputs;
    if (!fused.empty()) out = EmitActivation(node, fused.front(), out, next);
    Define(node, out);
  }

  Value EmitActivation(const TfjsNode& node, const std::string& activation, Value x,
                       std::size_t slope_input) {
    const std::string input = x.name;
    x.name = node.name;
    if (activation == "Relu") {
      writer_.AddNode("Relu", {input}, node.name);
    } else if (activation == "Prelu") {
      EmitPrelu(input, Weight(node.inputs.at(slope_input)).values, node.name);
    } else {
      throw std::invalid_argument(node.name + ": activation " + activation);
    }
    return x;
  }

  void EmitPrelu(const std::string& input, const std::vector<float>& slopes,
                 const std::string& output) {
    const auto channels = static_cast<std::int64_t>(slopes.size());
    writer_.AddNode("PRelu", {input, Floats(output, "slope", {channels, 1, 1}, slopes)}, output);
  }

  void EmitSpelledPrelu(const TfjsNode& node, const SpelledPrelu& prelu) {
    std::vector<float> slopes = Weight(prelu.c).values;
    for (float& slope : slopes) {
      slope *= options_.repair_slope_sign ? -2 : 2;
      // With the Relu left inside, nothing negative arrives.
      if (prelu.relu_inside && !options_.repair_fused_relu) slope = 0;
    }
    Value value = values_.at(prelu.x);
    EmitPrelu(value.name, slopes, node.name);
    value.name = node.name;
    Define(node, value);
  }

  bool IsPointwise(const TfjsNode& node) const {
    if (node.op != "_FusedConv2D" || node.fused != std::vector<std::string>{"BiasAdd"})
      return false;
    const Dims& shape = Weight(node.inputs.at(1)).shape;
    return shape.at(0) == 1 && shape.at(1) == 1 && node.strides == Dims{1, 1};
  }

  // A pointwise layer whose output is the embedding.
  bool EndsInEmbedding(const TfjsNode& node) const {
    return IsPointwise(node) &&
           std::any_of(graph_.nodes.begin(), graph_.nodes.end(), [&](const TfjsNode& user) {
             return user.op == "Squeeze" && user.inputs.front() == node.name;
           });
  }

  // Where `node` is the last of two pointwise layers: both as one of embedding_rank outputs.
  bool EmitFolded(const TfjsNode& node) {
    const TfjsNode* first = Node(node.inputs.at(0));
    if (first == nullptr || !EndsInEmbedding(node) || !IsPointwise(*first) ||
        users_.at(first->name) != 1) {
      return false;
    }
    const TfjsTensor &w1 = Weight(first->inputs.at(1)), &b1 = Weight(first->inputs.at(2));
    const TfjsTensor &w2 = Weight(node.inputs.at(1)), &b2 = Weight(node.inputs.at(2));
    // Rows are outputs; the bias is one column more.
    const auto in = static_cast<std::size_t>(w1.shape[2]);
    const auto middle = static_cast<std::size_t>(w1.shape[3]);
    const auto out = static_cast<std::size_t>(w2.shape[3]);
    Matrix before{middle, in + 1, std::vector<double>(middle * (in + 1))};
    for (std::size_t m = 0; m < middle; ++m) {
      for (std::size_t i = 0; i < in; ++i) before.at(m, i) = w1.values[i * middle + m];
      before.at(m, in) = b1.values[m];
    }
    Matrix after{out, middle, std::vector<double>(out * middle)};
    for (std::size_t o = 0; o < out; ++o) {
      for (std::size_t m = 0; m < middle; ++m) after.at(o, m) = w2.values[m * out + o];
    }
    Matrix map = Multiply(after, before);
    for (std::size_t o = 0; o < out; ++o) map.at(o, in) += b2.values[o];
    const std::size_t rank = std::min(options_.embedding_rank, out);
    const Matrix folded = Multiply(LeadingDirections(map, rank), map);
    std::vector<float> weight(rank * in), bias(rank);
    for (std::size_t r = 0; r < rank; ++r) {
      for (std::size_t i = 0; i < in; ++i) weight[r * in + i] = static_cast<float>(folded.at(r, i));
      bias[r] = static_cast<float>(folded.at(r, in));
    }
    const Value x = Input(*first, 0);
    const auto outputs = static_cast<std::int64_t>(rank);
    writer_.AddNode("Conv",
                    {x.name, Floats(node.name, "weight", {outputs, x.channels, 1, 1}, weight),
                     Floats(node.name, "bias", {outputs}, bias)},
                    node.name);
    writer_.Attribute("kernel_shape", Dims{1, 1});
    Value value = x;
    value.name = node.name;
    value.channels = outputs;
    Define(node, value);
    return true;
  }

  // True where the node's layer will be part of the next one's fold.
  bool WillBeFolded(const TfjsNode& node) const {
    if (options_.embedding_rank == 0 || !IsPointwise(node) || users_.at(node.name) != 1) {
      return false;
    }
    return std::any_of(graph_.nodes.begin(), graph_.nodes.end(), [&](const TfjsNode& user) {
      return !user.inputs.empty() && user.inputs.front() == node.name && EndsInEmbedding(user);
    });
  }

  void EmitReshape(const TfjsNode& node) {
    const Value x = Input(node, 0);
    Dims shape;
    for (const float side : Weight(node.inputs.at(1)).values) {
      shape.push_back(static_cast<std::int64_t>(side));
    }
    Dims target = shape;
    if (target.size() == 3) target[1] = -1;
    // TensorFlow reshapes NHWC: cells row by row, channels last.
    writer_.AddNode("Transpose", {x.name}, node.name + "/nhwc");
    writer_.Attribute("perm", Dims{0, 2, 3, 1});
    writer_.AddNode("Reshape",
                    {node.name + "/nhwc", writer_.AddIntegers(node.name + "/shape", target)},
                    node.name);
    std::replace(shape.begin(), shape.end(), std::int64_t{-1}, std::int64_t{1});
    Define(node, {node.name, 0, 0, 0}, shape);
  }

  void EmitClip(const TfjsNode& node, const Clip& clip) {
    Value value = values_.at(clip.x);
    writer_.AddNode("Clip", {value.name}, node.name);
    writer_.Attribute("min", clip.low);
    writer_.Attribute("max", clip.high);
    value.name = node.name;
    Define(node, value);
  }

  // With a figure a channel, or with another picture.
  void EmitPairwise(const TfjsNode& node, const std::string& op) {
    Value x = Input(node, 0);
    const auto constant = graph_.weights.find(node.inputs.at(1));
    const std::string other =
        constant == graph_.weights.end()
            ? Input(node, 1).name
            : Floats(node.name, "constant", {x.channels, 1, 1}, constant->second.values);
    writer_.AddNode(op, {x.name, other}, node.name);
    x.name = node.name;
    Define(node, x);
  }

  // The mean of all cells, as a vector.
  void EmitMean(const TfjsNode& node) {
    const Value x = Input(node, 0);
    if (Weight(node.inputs.at(1)).values != std::vector<float>{1, 2}) {
      throw std::invalid_argument(node.name + ": a mean over other axes than height and width");
    }
    writer_.AddNode("GlobalAveragePool", {x.name}, node.name + "/cell");
    writer_.AddNode("Flatten", {node.name + "/cell"}, node.name);
    writer_.Attribute("axis", std::int64_t{1});
    Define(node, {node.name, x.channels, 0, 0}, {1, x.channels});
  }

  void EmitProduct(const TfjsNode& node) {
    const Value x = Input(node, 0);
    const TfjsTensor& weight = Weight(node.inputs.at(1));
    const std::int64_t in = weight.shape.at(0), out = weight.shape.at(1);
    if (node.fused.empty() || node.fused.front() != "BiasAdd" || in != x.channels) {
      throw std::invalid_argument(node.name + ": a product of a form not known here");
    }
    // Rows are outputs: OpenCV reads no other form.
    std::vector<float> rows(weight.values.size());
    for (std::int64_t i = 0; i < in; ++i) {
      for (std::int64_t o = 0; o < out; ++o) rows[o * in + i] = weight.values[i * out + o];
    }
    const bool activated = node.fused.size() > 1;
    const std::string plain = activated ? node.name + "/plain" : node.name;
    writer_.AddNode("Gemm",
                    {x.name, Floats(node.name, "weight", {out, in}, rows),
                     Floats(node.name, "bias", {out}, Weight(node.inputs.at(2)).values)},
                    plain);
    writer_.Attribute("transB", std::int64_t{1});
    Value value{plain, out, 0, 0};
    if (activated) value = EmitActivation(node, node.fused[1], value, 3);
    Define(node, value, {1, out});
  }

  void EmitPad(const TfjsNode& node) {
    Value x = Input(node, 0);
    const std::vector<float>& pads = Weight(node.inputs.at(1)).values;
    Dims attribute;
    for (const std::size_t side : {0, 1}) {
      for (const std::size_t axis : {0, 3, 1, 2}) {
        attribute.push_back(static_cast<std::int64_t>(pads.at(axis * 2 + side)));
      }
    }
    writer_.AddNode("Pad", {x.name}, node.name);
    writer_.Attribute("mode", std::string("constant"));
    writer_.Attribute("pads", attribute);
    x.name = node.name;
    x.channels += attribute[1] + attribute[5];
    x.height += attribute[2] + attribute[6];
    x.width += attribute[3] + attribute[7];
    Define(node, x);
  }

  void Emit(const TfjsNode& node) {
    if (const auto prelu = prelus_.find(node.name); prelu != prelus_.end()) {
      return EmitSpelledPrelu(node, prelu->second);
    }
    if (node.op == "Placeholder") {
      const Value value{node.name, node.shape.at(3), node.shape.at(1), node.shape.at(2)};
      writer_.AddInput(node.name, {1, value.channels, value.height, value.width});
      return Define(node, value);
    }
    if (node.op == "_FusedConv2D" || node.op == "Conv2D") {
      return WillBeFolded(node) ? void() : EmitConvolution(node, false);
    }
    if (node.op == "FusedDepthwiseConv2dNative" || node.op == "DepthwiseConv2dNative") {
      return EmitConvolution(node, true);
    }
    if (const auto clip = clips_.find(node.name); clip != clips_.end()) {
      return EmitClip(node, clip->second);
    }
    if (node.op == "Add" || node.op == "AddV2") return EmitPairwise(node, "Add");
    if (node.op == "Mul") return EmitPairwise(node, "Mul");
    if (node.op == "Mean") return EmitMean(node);
    if (node.op == "_FusedMatMul") return EmitProduct(node);
    if (node.op == "Reshape") return EmitReshape(node);
    if (node.op == "Pad") return EmitPad(node);
    if (node.op == "Identity") {
      values_[node.name] = Input(node, 0);
      return;
    }
    Value x = Input(node, 0);
    const std::string input = x.name;
    x.name = node.name;
    if (node.op == "Relu" || node.op == "Sigmoid") {
      writer_.AddNode(node.op, {input}, node.name);
    } else if (node.op == "Prelu") {
      EmitPrelu(input, Weight(node.inputs.at(1)).values, node.name);
    } else if (node.op == "Softmax") {
      writer_.AddNode("Softmax", {input}, node.name);
      writer_.Attribute("axis", std::int64_t{1});
    } else if (node.op == "MaxPool") {
      writer_.AddNode("MaxPool", {input}, node.name);
      Value out = Window(node, x, node.window.at(0), node.window.at(1));
      return Define(node, out);
    } else if (node.op == "Squeeze") {
      writer_.AddNode("Flatten", {input}, node.name);
      writer_.Attribute("axis", std::int64_t{1});
      return Define(node, {node.name, x.channels, 0, 0}, {1, x.channels});
    } else {
      throw std::domain_error(
          fmt::format("operator {} of node {} is not one that the converter "
                      "knows",
                      node.op, node.name));
    }
    Define(node, x, shapes_.at(input));
  }

  const TfjsGraph& graph_;
  const ConversionOptions& options_;
  OnnxWriter writer_;
  std::map<std::string, const TfjsNode*> by_name_;
  std::map<std::string, int> users_;
  std::map<std::string, SpelledPrelu> prelus_;  // by the node that adds
  std::map<std::string, Clip> clips_;           // by the last node of the three
  std::set<std::string> unfused_;               // convolutions that lose their Relu
  std::set<std::string> skipped_;
  std::map<std::string, Value> values_;
  std::map<std::string, Dims> shapes_;  // by the ONNX name
};

}  // namespace

Result<Bytes> ConvertToOnnx(const TfjsGraph& graph, const std::string& name,
                            const ConversionOptions& options) {
  try {
    return Converter(graph, name, options).Convert();
  } catch (const std::domain_error& error) {
    return Fail(Code::kUnsupported, fmt::format("{}: {}", name, error.what()));
  } catch (const std::exception& error) {
    return Fail(Code::kMalformed, fmt::format("{}: {}", name, error.what()));
  }
}

}  // namespace candid::models
