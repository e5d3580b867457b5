#include "candid/models/onnx_writer.h"

#include "onnx.pb.h"

namespace candid::models {
namespace {

constexpr int kIrVersion = 5;
constexpr int kOpset = 10;

void Describe(onnx::ValueInfoProto* info, const std::string& name, const Dims& shape) {
  info->set_name(name);
  auto* tensor = info->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t side : shape) tensor->mutable_shape()->add_dim()->set_dim_value(side);
}

}  // namespace

struct OnnxWriter::State {
  onnx::ModelProto model;
  onnx::GraphProto& graph = *model.mutable_graph();
  onnx::NodeProto* last = nullptr;
};

OnnxWriter::OnnxWriter(const std::string& graph_name) : state_(std::make_unique<State>()) {
  state_->model.set_ir_version(kIrVersion);
  state_->model.set_producer_name("candid");
  auto* opset = state_->model.add_opset_import();
  opset->set_domain("");
  opset->set_version(kOpset);
  state_->graph.set_name(graph_name);
}

OnnxWriter::~OnnxWriter() = default;

void OnnxWriter::AddInput(const std::string& name, const Dims& shape) {
  Describe(state_->graph.add_input(), name, shape);
}

void OnnxWriter::AddOutput(const std::string& name, const Dims& shape) {
  Describe(state_->graph.add_output(), name, shape);
}

std::string OnnxWriter::AddFloats(const std::string& name, const Dims& shape,
                                  const std::vector<float>& values) {
  auto* tensor = state_->graph.add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t side : shape) tensor->add_dims(side);
  tensor->set_raw_data(values.data(), values.size() * sizeof(float));
  return name;
}

std::string OnnxWriter::AddIntegers(const std::string& name, const Dims& values) {
  auto* tensor = state_->graph.add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::INT64);
  tensor->add_dims(static_cast<std::int64_t>(values.size()));
  tensor->set_raw_data(values.data(), values.size() * sizeof(std::int64_t));
  return name;
}

void OnnxWriter::AddNode(const std::string& op, const std::vector<std::string>& inputs,
                         const std::string& output) {
  state_->last = state_->graph.add_node();
  state_->last->set_op_type(op);
  state_->last->set_name(output);
  for (const std::string& input : inputs) state_->last->add_input(input);
  state_->last->add_output(output);
}

void OnnxWriter::Attribute(const std::string& name, const Dims& values) {
  auto* attribute = state_->last->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute->add_ints(value);
}

void OnnxWriter::Attribute(const std::string& name, std::int64_t value) {
  auto* attribute = state_->last->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INT);
  attribute->set_i(value);
}

void OnnxWriter::Attribute(const std::string& name, float value) {
  auto* attribute = state_->last->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::FLOAT);
  attribute->set_f(value);
}

void OnnxWriter::Attribute(const std::string& name, const std::string& value) {
  auto* attribute = state_->last->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::STRING);
  attribute->set_s(value);
}

Bytes OnnxWriter::Serialise() const {
  Bytes bytes(state_->model.ByteSizeLong());
  state_->model.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

}  // namespace candid::models
