#include "candid/infer/simplify.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "candid/infer/window.h"

namespace candid::infer {
namespace {

struct ScaleShift {
  std::vector<float> scale;  // one number, or one a channel
  std::vector<float> shift;
};

float At(const std::vector<float>& values, std::size_t channel) {
  return values.size() == 1 ? values[0] : values[channel];
}

void ReplaceUses(Graph* graph, int from, int to) {
  for (Node& node : graph->nodes) std::ranges::replace(node.inputs, from, to);
  std::ranges::replace(graph->outputs, from, to);
}

void DropUnread(Graph* graph) {
  std::vector<int> uses = graph->CountUses();
  std::vector<Node> kept;
  for (std::size_t i = graph->nodes.size(); i-- > 0;) {
    Node& node = graph->nodes[i];
    const bool read = std::ranges::any_of(node.outputs, [&](int output) {
      return output != kAbsent && uses[static_cast<std::size_t>(output)] > 0;
    });
    if (read) {
      kept.push_back(std::move(node));
      continue;
    }
    for (const int input : node.inputs) {
      if (input != kAbsent) --uses[static_cast<std::size_t>(input)];
    }
  }
  std::ranges::reverse(kept);
  graph->nodes = std::move(kept);
}

bool DoesNothing(const Node& node) {
  return node.op == Op::kIdentity || node.op == Op::kDropout ||
         (node.op == Op::kCast && node.Int("to", 1) == 1);
}

void DropIdentities(Graph* graph) {
  for (Node& node : graph->nodes) {
    if (DoesNothing(node)) ReplaceUses(graph, node.outputs[0], node.inputs[0]);
  }
  DropUnread(graph);
}

// Old exports say spatial=0 and mean one number a channel all the same: their parameters show it.
void NormalizationToAffine(Graph* graph, Node* node) {
  const Tensor* parameters[4];
  for (std::size_t i = 0; i < 4; ++i) {
    parameters[i] = graph->Constant(*node, i + 1);
    if (parameters[i] == nullptr || parameters[i]->integer ||
        parameters[i]->size() != parameters[0]->size()) {
      return;
    }
  }
  const float epsilon = node->Float("epsilon", 1e-5F);
  const auto channels = static_cast<std::size_t>(parameters[0]->size());
  std::vector<float> scale(channels);
  std::vector<float> shift(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const double s = static_cast<double>(parameters[0]->floats[c]) /
                     std::sqrt(static_cast<double>(parameters[3]->floats[c]) + epsilon);
    scale[c] = static_cast<float>(s);
    shift[c] = static_cast<float>(parameters[1]->floats[c] - s * parameters[2]->floats[c]);
  }
  const Shape shape = {static_cast<std::int64_t>(channels)};
  node->op = Op::kAffine;
  node->inputs = {node->inputs[0], graph->AddConstant(MakeFloats(shape, std::move(scale))),
                  graph->AddConstant(MakeFloats(shape, std::move(shift)))};
  node->attributes.clear();
}

void ProductToDense(Graph* graph, Node* node) {
  const Tensor* weights = graph->Constant(*node, 1);
  if (weights == nullptr || weights->integer || weights->shape.size() != 2 ||
      node->Int("transA", 0) != 0) {
    return;
  }
  const bool gemm = node->op == Op::kGemm;
  const bool transposed = gemm && node->Int("transB", 0) != 0;
  const auto n = static_cast<std::size_t>(weights->shape[transposed ? 0 : 1]);
  const auto k = static_cast<std::size_t>(weights->shape[transposed ? 1 : 0]);
  const float alpha = gemm ? node->Float("alpha", 1) : 1;
  const float beta = gemm ? node->Float("beta", 1) : 1;
  std::vector<float> bias(n, 0);
  if (gemm && node->Has(2)) {
    const Tensor* constant = graph->Constant(*node, 2);
    if (constant == nullptr || constant->integer ||
        (constant->size() != 1 && constant->floats.size() != n)) {
      return;
    }
    for (std::size_t i = 0; i < n; ++i) bias[i] = beta * At(constant->floats, i);
  }
  int dense = node->inputs[1];
  if (!transposed || alpha != 1) {
    std::vector<float> values(n * k);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < k; ++j) {
        values[i * k + j] = alpha * weights->floats[transposed ? i * k + j : j * n + i];
      }
    }
    dense = graph->AddConstant(MakeFloats(
        {static_cast<std::int64_t>(n), static_cast<std::int64_t>(k)}, std::move(values)));
  }
  node->op = Op::kDense;
  node->inputs = {node->inputs[0], dense,
                  graph->AddConstant(MakeFloats({static_cast<std::int64_t>(n)}, std::move(bias)))};
  node->attributes.clear();
}

bool HasWeights(Op op) { return op == Op::kConv || op == Op::kDense; }

// One number, or one a channel: [C,1,1] or [1,C,1,1] beside a picture, [C] or [1,C] beside rows.
bool IsPerChannel(const Tensor& tensor, bool picture) {
  if (tensor.integer || tensor.size() == 0) return false;
  if (tensor.size() == 1) return true;
  const Shape& shape = tensor.shape;
  const std::size_t trailing = picture ? 2 : 0;
  if (shape.size() <= trailing || shape.size() > trailing + 2) return false;
  const std::size_t channel = shape.size() - trailing - 1;
  return shape[channel] == tensor.size();
}

// What the node does to its first computed input, if that is a scale and shift by constants.
// `picture`: whether the input is known to have four dimensions.
std::optional<ScaleShift> ScaleShiftOf(const Graph& graph, const Node& node, bool picture) {
  if (node.op == Op::kAffine) {
    return ScaleShift{graph.Constant(node, 1)->floats, graph.Constant(node, 2)->floats};
  }
  if (node.inputs.size() != 2) return std::nullopt;
  const Tensor* left = graph.Constant(node, 0);
  const Tensor* right = graph.Constant(node, 1);
  if ((left == nullptr) == (right == nullptr)) return std::nullopt;
  const Tensor& constant = left == nullptr ? *right : *left;
  if (!IsPerChannel(constant, picture)) return std::nullopt;
  std::vector<float> values = constant.floats;
  switch (node.op) {
    case Op::kAdd:
      return ScaleShift{{1}, std::move(values)};
    case Op::kMul:
      return ScaleShift{std::move(values), {0}};
    case Op::kSub:
      if (left != nullptr) return ScaleShift{{-1}, std::move(values)};
      for (float& x : values) x = -x;
      return ScaleShift{{1}, std::move(values)};
    case Op::kDiv:
      if (left != nullptr) return std::nullopt;
      for (float& x : values) x = 1 / x;
      return ScaleShift{std::move(values), {0}};
    default:
      return std::nullopt;
  }
}

// The input that a scale and shift works on: the one that is computed, if any is.
int DataInput(const Graph& graph, const Node& node) {
  if (node.inputs.empty()) return kAbsent;
  const bool second =
      node.op != Op::kAffine && node.inputs.size() == 2 && graph.Constant(node, 0) != nullptr;
  return node.inputs[second ? 1 : 0];
}

bool Fits(const ScaleShift& affine, std::int64_t channels) {
  const auto n = static_cast<std::size_t>(channels);
  return (affine.scale.size() == 1 || affine.scale.size() == n) &&
         (affine.shift.size() == 1 || affine.shift.size() == n);
}

void SetWeights(Graph* graph, Node* node, Shape shape, std::vector<float> weights,
                std::vector<float> bias) {
  const auto outputs = static_cast<std::int64_t>(bias.size());
  node->inputs = {node->inputs[0],
                  graph->AddConstant(MakeFloats(std::move(shape), std::move(weights))),
                  graph->AddConstant(MakeFloats({outputs}, std::move(bias)))};
}

std::vector<float> BiasOf(const Graph& graph, const Node& node, std::size_t outputs) {
  const Tensor* bias = graph.Constant(node, 2);
  return bias == nullptr ? std::vector<float>(outputs, 0) : bias->floats;
}

// A Conv or Dense whose weights and bias are whole, so that arithmetic on them is safe.
bool IsSound(const Graph& graph, const Node& node) {
  const Tensor* weights = graph.Constant(node, 1);
  if (weights == nullptr || weights->integer || weights->size() == 0) return false;
  if (weights->shape.size() != (node.op == Op::kConv ? 4U : 2U)) return false;
  if (!node.Has(2)) return true;
  const Tensor* bias = graph.Constant(node, 2);
  return bias != nullptr && !bias->integer && bias->size() == weights->shape[0];
}

// W <- scale W, b <- scale b + shift.
void FoldAfter(Graph* graph, Node* node, const ScaleShift& affine) {
  const Tensor& weights = *graph->Constant(*node, 1);
  const auto outputs = static_cast<std::size_t>(weights.shape[0]);
  const std::size_t row = weights.floats.size() / outputs;
  std::vector<float> scaled = weights.floats;
  std::vector<float> bias = BiasOf(*graph, *node, outputs);
  for (std::size_t o = 0; o < outputs; ++o) {
    const float scale = At(affine.scale, o);
    for (std::size_t i = 0; i < row; ++i) scaled[o * row + i] *= scale;
    bias[o] = bias[o] * scale + At(affine.shift, o);
  }
  SetWeights(graph, node, weights.shape, std::move(scaled), std::move(bias));
}

// W[o,i] <- W[o,i] scale[i], b <- b + sum W[o,i] shift[i].
void FoldBefore(Graph* graph, Node* node, const ScaleShift& affine) {
  const Tensor& weights = *graph->Constant(*node, 1);
  const auto outputs = static_cast<std::size_t>(weights.shape[0]);
  const auto inputs = static_cast<std::size_t>(weights.shape[1]);
  const std::size_t area = weights.floats.size() / (outputs * inputs);
  const std::size_t group_outputs = outputs / static_cast<std::size_t>(node->Int("group", 1));
  std::vector<float> scaled = weights.floats;
  std::vector<float> bias = BiasOf(*graph, *node, outputs);
  for (std::size_t o = 0; o < outputs; ++o) {
    double sum = 0;
    for (std::size_t i = 0; i < inputs; ++i) {
      const std::size_t channel = o / group_outputs * inputs + i;
      const float scale = At(affine.scale, channel);
      for (std::size_t a = 0; a < area; ++a) {
        float& weight = scaled[(o * inputs + i) * area + a];
        sum += static_cast<double>(weight) * At(affine.shift, channel);
        weight *= scale;
      }
    }
    bias[o] = static_cast<float>(bias[o] + sum);
  }
  SetWeights(graph, node, weights.shape, std::move(scaled), std::move(bias));
}

// Folds nodes into the producer of their input. True if anything changed.
void FoldIntoProducers(Graph* graph) {
  const std::vector<int> uses = graph->CountUses();
  std::vector<int> producers = graph->Producers();
  for (Node& node : graph->nodes) {
    if (HasWeights(node.op) || node.inputs.empty()) continue;
    const int data = DataInput(*graph, node);
    if (data == kAbsent || uses[static_cast<std::size_t>(data)] != 1) continue;
    const int producer = producers[static_cast<std::size_t>(data)];
    if (producer < 0) continue;
    Node& before = graph->nodes[static_cast<std::size_t>(producer)];
    if (!HasWeights(before.op) || !IsSound(*graph, before)) continue;
    const auto affine = ScaleShiftOf(*graph, node, before.op == Op::kConv);
    if (!affine || !Fits(*affine, graph->Constant(before, 1)->shape[0])) continue;
    FoldAfter(graph, &before, *affine);
    // The producer now writes what this node wrote; this node writes a value nobody reads.
    std::swap(before.outputs[0], node.outputs[0]);
    producers[static_cast<std::size_t>(before.outputs[0])] = producer;
    node.op = Op::kIdentity;
    node.inputs = {before.outputs[0]};
  }
  DropUnread(graph);
}

void FoldIntoConsumers(Graph* graph) {
  const std::vector<int> uses = graph->CountUses();
  const std::vector<int> producers = graph->Producers();
  for (Node& node : graph->nodes) {
    if (node.op != Op::kConv || !IsSound(*graph, node)) continue;
    const auto input = static_cast<std::size_t>(node.inputs[0]);
    if (producers[input] < 0 || uses[input] != 1) continue;
    const Node& before = graph->nodes[static_cast<std::size_t>(producers[input])];
    const auto affine = ScaleShiftOf(*graph, before, true);
    const std::int64_t groups = node.Int("group", 1);
    const Tensor& weights = *graph->Constant(node, 1);
    if (!affine || groups < 1 || groups > weights.shape[0] || weights.shape[0] % groups != 0 ||
        !Fits(*affine, weights.shape[1] * groups)) {
      continue;
    }
    // A constant that widens its input by broadcasting is more than a scale and shift; a picture's
    // channel count is the Conv's, so only scalars and full vectors pass.
    const bool pure_scale = std::ranges::all_of(affine->shift, [](float x) { return x == 0; });
    if (HasPadding(node) && !pure_scale) continue;
    FoldBefore(graph, &node, *affine);
    node.inputs[0] = DataInput(*graph, before);
  }
  DropUnread(graph);
}

}  // namespace

Status Simplify(Graph* graph) {
  DropIdentities(graph);
  for (Node& node : graph->nodes) {
    if (node.op == Op::kBatchNormalization) NormalizationToAffine(graph, &node);
    if (node.op == Op::kGemm || node.op == Op::kMatMul) ProductToDense(graph, &node);
  }
  FoldIntoProducers(graph);
  FoldIntoConsumers(graph);
  return {};
}

}  // namespace candid::infer
