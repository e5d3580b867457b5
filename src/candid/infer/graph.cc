#include "candid/infer/graph.h"

#include <fmt/format.h>

namespace candid::infer {
namespace {

template <typename T>
T AttributeOr(const Node& node, std::string_view name, T fallback) {
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end()) return fallback;
  const T* value = std::get_if<T>(&found->second);
  return value == nullptr ? fallback : *value;
}

}  // namespace

std::int64_t Node::Int(std::string_view attribute, std::int64_t fallback) const {
  return AttributeOr(*this, attribute, fallback);
}
float Node::Float(std::string_view attribute, float fallback) const {
  return AttributeOr(*this, attribute, fallback);
}
std::string Node::Text(std::string_view attribute, std::string_view fallback) const {
  return AttributeOr(*this, attribute, std::string(fallback));
}
std::vector<std::int64_t> Node::Ints(std::string_view attribute) const {
  return AttributeOr(*this, attribute, std::vector<std::int64_t>());
}
std::vector<float> Node::Floats(std::string_view attribute) const {
  return AttributeOr(*this, attribute, std::vector<float>());
}

std::string Describe(const Node& node) {
  return fmt::format("{} '{}'", NameOf(node.op), node.name);
}

int Model::Graph::AddConstant(TensorPtr tensor) {
  values.push_back({"", tensor->shape, std::move(tensor)});
  return static_cast<int>(values.size()) - 1;
}

const Tensor* Model::Graph::Constant(const Node& node, std::size_t input) const {
  if (!node.Has(input)) return nullptr;
  return values[static_cast<std::size_t>(node.inputs[input])].constant.get();
}

std::vector<int> Model::Graph::CountUses() const {
  std::vector<int> uses(values.size(), 0);
  for (const Node& node : nodes) {
    for (const int input : node.inputs) {
      if (input != kAbsent) ++uses[static_cast<std::size_t>(input)];
    }
    if (node.residual != kAbsent) ++uses[static_cast<std::size_t>(node.residual)];
  }
  for (const int output : outputs) ++uses[static_cast<std::size_t>(output)];
  return uses;
}

std::vector<int> Model::Graph::Producers() const {
  std::vector<int> producers(values.size(), -1);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const int output : nodes[i].outputs) {
      if (output != kAbsent) producers[static_cast<std::size_t>(output)] = static_cast<int>(i);
    }
  }
  return producers;
}

}  // namespace candid::infer
