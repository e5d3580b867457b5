#include "candid/models/tfjs_graph.h"

#include <fmt/format.h>

#include <bit>
#include <boost/json.hpp>
#include <cmath>
#include <cstring>
#include <set>

#include "candid/base/files.h"

namespace candid::models {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kMaxFile = 64u << 20;
constexpr std::uint64_t kMaxValues = 32u << 20;

float FromHalf(std::uint16_t half) {
  const int exponent = half >> 10 & 31;
  const int mantissa = half & 1023;
  float value;
  if (exponent == 0) {
    value = std::ldexp(static_cast<float>(mantissa), -24);
  } else if (exponent == 31) {
    value = mantissa == 0 ? INFINITY : NAN;
  } else {
    value = std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
  }
  return half & 0x8000 ? -value : value;
}

std::int64_t ToInteger(const json::value& value) {
  // Protobuf's JSON writes 64-bit numbers as text.
  if (value.is_string()) return std::stoll(std::string(value.as_string()));
  return value.to_number<std::int64_t>();
}

std::string FromBase64Text(const json::value& value) {
  const auto bytes = FromBase64(std::string_view(value.as_string()));
  if (!bytes) throw std::invalid_argument("an attribute that is not base64");
  return std::string(AsText(*bytes));
}

// The two middle figures of a list of four (N, height, width, C).
std::vector<std::int64_t> HeightAndWidth(const json::object& attributes, std::string_view name) {
  const json::value* found = attributes.if_contains(name);
  if (found == nullptr) return {};
  const json::array& list = found->at("list").at("i").as_array();
  return {ToInteger(list.at(1)), ToInteger(list.at(2))};
}

TfjsNode ReadNode(const json::object& object) {
  TfjsNode node;
  node.name = std::string_view(object.at("name").as_string());
  node.op = std::string_view(object.at("op").as_string());
  if (const json::value* inputs = object.if_contains("input")) {
    for (const json::value& input : inputs->as_array()) {
      node.inputs.emplace_back(std::string_view(input.as_string()));
    }
  }
  static const json::object none;
  const json::value* found = object.if_contains("attr");
  const json::object& attributes = found == nullptr ? none : found->as_object();
  node.strides = HeightAndWidth(attributes, "strides");
  node.window = HeightAndWidth(attributes, "ksize");
  if (const json::value* padding = attributes.if_contains("padding")) {
    node.same_padding = FromBase64Text(padding->at("s")) == "SAME";
  }
  if (const json::value* fused = attributes.if_contains("fused_ops")) {
    const json::object& list = fused->at("list").as_object();
    if (const json::value* names = list.if_contains("s")) {
      for (const json::value& name : names->as_array()) node.fused.push_back(FromBase64Text(name));
    }
  }
  if (node.op == "Placeholder") {
    for (const json::value& size : attributes.at("shape").at("shape").at("dim").as_array()) {
      node.shape.push_back(ToInteger(size.at("size")));
    }
  }
  return node;
}

// Reads one weight from the front of `bytes` and takes it off there.
TfjsTensor ReadWeight(const json::object& object, ByteSpan* bytes) {
  TfjsTensor tensor;
  std::uint64_t count = 1;
  for (const json::value& size : object.at("shape").as_array()) {
    tensor.shape.push_back(ToInteger(size));
    const auto side = static_cast<std::uint64_t>(tensor.shape.back());
    if (side > kMaxValues || count * side > kMaxValues) {
      throw std::invalid_argument("a weight of absurd size");
    }
    count *= side;
  }
  std::string stored(std::string_view(object.at("dtype").as_string()));
  double least = 0, step = 1;
  if (const json::value* quantisation = object.if_contains("quantization")) {
    stored = std::string_view(quantisation->at("dtype").as_string());
    if (stored == "uint8") {
      least = quantisation->at("min").to_number<double>();
      step = quantisation->at("scale").to_number<double>();
    }
  }
  const std::size_t width = stored == "uint8" ? 1 : stored == "float16" ? 2 : 4;
  if (stored != "uint8" && stored != "float16" && stored != "float32" && stored != "int32") {
    throw std::invalid_argument("weights stored as " + stored);
  }
  if (bytes->size() < count * width) throw std::invalid_argument("the shards are too short");
  tensor.values.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* at = bytes->data() + i * width;
    std::uint32_t word = 0;
    std::memcpy(&word, at, width);
    if (stored == "uint8") {
      tensor.values[i] = static_cast<float>(least + step * word);
    } else if (stored == "float16") {
      tensor.values[i] = FromHalf(static_cast<std::uint16_t>(word));
    } else if (stored == "int32") {
      tensor.values[i] = static_cast<float>(static_cast<std::int32_t>(word));
    } else {
      tensor.values[i] = std::bit_cast<float>(word);
    }
  }
  *bytes = bytes->subspan(count * width);
  return tensor;
}

// Inputs before their users, in the file's order where that leaves a choice.
std::vector<TfjsNode> InOrder(std::vector<TfjsNode> nodes) {
  std::set<std::string> done;
  std::vector<TfjsNode> ordered;
  while (!nodes.empty()) {
    std::vector<TfjsNode> waiting;
    for (TfjsNode& node : nodes) {
      bool ready = true;
      for (const std::string& input : node.inputs) ready = ready && done.contains(input);
      if (ready) {
        done.insert(node.name);
        ordered.push_back(std::move(node));
      } else {
        waiting.push_back(std::move(node));
      }
    }
    if (waiting.size() == nodes.size()) throw std::invalid_argument("a graph with a circle in it");
    nodes = std::move(waiting);
  }
  return ordered;
}

TfjsGraph Parse(ByteSpan text, const std::filesystem::path& folder) {
  const json::value root = json::parse(AsText(text));
  TfjsGraph graph;
  for (const json::value& group : root.at("weightsManifest").as_array()) {
    Bytes shards;
    for (const json::value& path : group.at("paths").as_array()) {
      const std::filesystem::path name(std::string(path.as_string()));
      // A shard lies beside its JSON and nowhere else.
      if (name.has_parent_path()) throw std::invalid_argument("a shard in another folder");
      const auto shard = ReadFile(folder / name, kMaxFile);
      if (!shard) throw std::invalid_argument(shard.error().message());
      shards.insert(shards.end(), shard->begin(), shard->end());
    }
    ByteSpan rest = shards;
    for (const json::value& weight : group.at("weights").as_array()) {
      const std::string name(std::string_view(weight.at("name").as_string()));
      graph.weights[name] = ReadWeight(weight.as_object(), &rest);
    }
  }
  std::vector<TfjsNode> nodes;
  for (const json::value& node : root.at("modelTopology").at("node").as_array()) {
    nodes.push_back(ReadNode(node.as_object()));
  }
  if (const json::value* signature = root.as_object().if_contains("signature")) {
    if (const json::value* outputs = signature->as_object().if_contains("outputs")) {
      for (const auto& [key, output] : outputs->as_object()) {
        const std::string name(std::string_view(output.at("name").as_string()));
        graph.outputs.push_back(name.substr(0, name.find(':')));
      }
    }
  }
  for (TfjsNode& node : InOrder(std::move(nodes))) {
    if (node.op == "Const") {
      if (!graph.weights.contains(node.name)) throw std::invalid_argument("no weight " + node.name);
    } else {
      graph.nodes.push_back(std::move(node));
    }
  }
  return graph;
}

}  // namespace

Result<TfjsGraph> ReadTfjsGraph(const std::filesystem::path& json) {
  CANDID_ASSIGN(const Bytes text, ReadFile(json, kMaxFile));
  try {
    return Parse(text, json.parent_path());
  } catch (const std::exception& error) {
    return Fail(Code::kMalformed, fmt::format("{} is not a TensorFlow.js graph model: {}",
                                              json.string(), error.what()));
  }
}

}  // namespace candid::models
