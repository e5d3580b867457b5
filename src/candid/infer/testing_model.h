// ModelBuilder: ONNX files with random weights, for tests and benches.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "candid/base/bytes.h"
#include "onnx.pb.h"

namespace candid::infer::testing {

class ModelBuilder {
 public:
  explicit ModelBuilder(int opset = 10, unsigned seed = 1) : random_(seed) {
    model_.set_ir_version(5);
    model_.add_opset_import()->set_version(opset);
    model_.mutable_graph()->set_name("test");
  }

  void Input(const std::string& name, const std::vector<std::int64_t>& shape) {
    Describe(model_.mutable_graph()->add_input(), name, shape);
  }
  void Output(const std::string& name) { Describe(model_.mutable_graph()->add_output(), name, {}); }

  onnx::NodeProto* Node(const std::string& op, const std::vector<std::string>& inputs,
                        const std::string& output) {
    auto* node = model_.mutable_graph()->add_node();
    node->set_op_type(op);
    node->set_name(output);
    for (const auto& input : inputs) node->add_input(input);
    node->add_output(output);
    return node;
  }

  static void Set(onnx::NodeProto* node, const std::string& name,
                  const std::vector<std::int64_t>& values) {
    auto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INTS);
    for (const auto value : values) attribute->add_ints(value);
  }
  static void Set(onnx::NodeProto* node, const std::string& name, std::int64_t value) {
    auto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INT);
    attribute->set_i(value);
  }
  static void SetFloat(onnx::NodeProto* node, const std::string& name, float value) {
    auto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::FLOAT);
    attribute->set_f(value);
  }
  static void SetText(onnx::NodeProto* node, const std::string& name, const std::string& value) {
    auto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::STRING);
    attribute->set_s(value);
  }

  std::string Floats(const std::string& name, const std::vector<std::int64_t>& shape,
                     const std::vector<float>& values) {
    auto* tensor = Tensor(name, shape, onnx::TensorProto::FLOAT);
    tensor->set_raw_data(values.data(), values.size() * sizeof(float));
    return name;
  }
  std::string Integers(const std::string& name, const std::vector<std::int64_t>& values) {
    auto* tensor =
        Tensor(name, {static_cast<std::int64_t>(values.size())}, onnx::TensorProto::INT64);
    for (const auto value : values) tensor->add_int64_data(value);
    return name;
  }
  // Uniform in centre +- spread.
  std::string Random(const std::string& name, const std::vector<std::int64_t>& shape, float centre,
                     float spread) {
    std::size_t count = 1;
    for (const auto size : shape) count *= static_cast<std::size_t>(size);
    return Floats(name, shape, RandomValues(count, centre, spread));
  }
  std::vector<float> RandomValues(std::size_t count, float centre, float spread) {
    std::uniform_real_distribution<float> uniform(centre - spread, centre + spread);
    std::vector<float> values(count);
    for (float& value : values) value = uniform(random_);
    return values;
  }

  // Weights that keep the variance; square kernel, same padding on all sides.
  onnx::NodeProto* Conv(const std::string& input, const std::string& output, std::int64_t inputs,
                        std::int64_t outputs, std::int64_t kernel, std::int64_t stride = 1,
                        std::int64_t groups = 1, bool bias = true) {
    const std::int64_t fan_in = inputs / groups * kernel * kernel;
    const float spread = std::sqrt(3.F / static_cast<float>(fan_in));
    std::vector<std::string> names = {
        input, Random(output + ".w", {outputs, inputs / groups, kernel, kernel}, 0, spread)};
    if (bias) names.push_back(Random(output + ".b", {outputs}, 0, 0.1F));
    auto* node = Node("Conv", names, output);
    Set(node, "kernel_shape", {kernel, kernel});
    Set(node, "strides", {stride, stride});
    const std::int64_t pad = kernel / 2;
    Set(node, "pads", {pad, pad, pad, pad});
    Set(node, "dilations", {1, 1});
    Set(node, "group", groups);
    return node;
  }
  void PRelu(const std::string& input, const std::string& output, std::int64_t channels,
             bool mxnet = false) {
    const std::vector<std::int64_t> shape =
        mxnet ? std::vector<std::int64_t>{channels} : std::vector<std::int64_t>{channels, 1, 1};
    Node("PRelu", {input, Random(output + ".s", shape, 0.25F, 0.2F)}, output);
  }
  onnx::NodeProto* Normalization(const std::string& input, const std::string& output,
                                 std::int64_t channels) {
    auto* node = Node(
        "BatchNormalization",
        {input, Random(output + ".g", {channels}, 1, 0.2F),
         Random(output + ".o", {channels}, 0, 0.2F), Random(output + ".m", {channels}, 0, 0.2F),
         Random(output + ".v", {channels}, 1, 0.3F)},
        output);
    SetFloat(node, "epsilon", 2e-5F);
    return node;
  }

  onnx::ModelProto& proto() { return model_; }
  Bytes Build() const {
    const std::string text = model_.SerializeAsString();
    return {text.begin(), text.end()};
  }

 private:
  static void Describe(onnx::ValueInfoProto* info, const std::string& name,
                       const std::vector<std::int64_t>& shape) {
    info->set_name(name);
    auto* type = info->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    type->mutable_shape();  // OpenCV refuses outputs without one
    for (const auto size : shape) {
      auto* dim = type->mutable_shape()->add_dim();
      if (size > 0) {
        dim->set_dim_value(size);
      } else {
        dim->set_dim_param("n");
      }
    }
  }
  onnx::TensorProto* Tensor(const std::string& name, const std::vector<std::int64_t>& shape,
                            onnx::TensorProto::DataType type) {
    auto* tensor = model_.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(type);
    for (const auto size : shape) tensor->add_dims(size);
    return tensor;
  }

  onnx::ModelProto model_;
  std::mt19937 random_;
};

}  // namespace candid::infer::testing
