#include "candid/infer/fuse.h"

namespace candid::infer {
namespace {

class Fuser {
 public:
  explicit Fuser(Graph* graph)
      : graph_(graph), uses_(graph->CountUses()), producers_(graph->Producers()) {}

  void Run() {
    std::vector<bool> gone(graph_->nodes.size(), false);
    for (std::size_t i = 0; i < graph_->nodes.size(); ++i) {
      gone[i] = FuseActivation(i) || FuseResidual(i);
    }
    std::vector<Node> kept;
    for (std::size_t i = 0; i < gone.size(); ++i) {
      if (!gone[i]) kept.push_back(std::move(graph_->nodes[i]));
    }
    graph_->nodes = std::move(kept);
  }

 private:
  // The node that alone makes `value` for one reader; null if there is none.
  Node* OnlyProducer(int value) {
    const auto at = static_cast<std::size_t>(value);
    if (producers_[at] < 0 || uses_[at] != 1) return nullptr;
    return &graph_->nodes[static_cast<std::size_t>(producers_[at])];
  }

  void TakeOver(Node* producer, const Node& node) {
    const int index = producers_[static_cast<std::size_t>(producer->outputs[0])];
    producer->outputs[0] = node.outputs[0];
    producers_[static_cast<std::size_t>(node.outputs[0])] = index;
  }

  bool FuseActivation(std::size_t i) {
    const Node& node = graph_->nodes[i];
    const auto activation = ActivationOf(*graph_, node);
    if (!activation) return false;
    Node* producer = OnlyProducer(node.inputs[0]);
    if (producer == nullptr || !producer->activation.identity()) return false;
    const bool takes = producer->op == Op::kConv || producer->op == Op::kDense ||
                       producer->op == Op::kAffine || IsPlainAdd(*producer);
    if (!takes) return false;
    // Per-channel numbers of a dense layer would lie on its last axis, not on axis 1.
    if (producer->op == Op::kDense && activation->slope.size() > 1) return false;
    producer->activation = *activation;
    TakeOver(producer, node);
    return true;
  }

  bool IsPlainAdd(const Node& node) const {
    if (node.op != Op::kAdd || node.inputs.size() != 2) return false;
    const Value& a = graph_->values[static_cast<std::size_t>(node.inputs[0])];
    const Value& b = graph_->values[static_cast<std::size_t>(node.inputs[1])];
    return a.constant == nullptr && b.constant == nullptr && a.shape == b.shape &&
           a.shape.size() == 4;
  }

  bool FuseResidual(std::size_t i) {
    const Node& node = graph_->nodes[i];
    if (!IsPlainAdd(node)) return false;
    // The later of two convolutions, so that the other operand exists when it runs.
    int best = -1;
    int index = -1;
    for (int operand = 0; operand < 2; ++operand) {
      const int value = node.inputs[static_cast<std::size_t>(operand)];
      const Node* producer = OnlyProducer(value);
      if (producer == nullptr || producer->op != Op::kConv || producer->residual != kAbsent ||
          !producer->activation.identity()) {
        continue;
      }
      const int other = node.inputs[static_cast<std::size_t>(1 - operand)];
      const int other_index = producers_[static_cast<std::size_t>(other)];
      const int own_index = producers_[static_cast<std::size_t>(value)];
      if (other_index < own_index && own_index > index) {
        best = operand;
        index = own_index;
      }
    }
    if (best < 0) return false;
    Node& producer = graph_->nodes[static_cast<std::size_t>(index)];
    producer.residual = node.inputs[static_cast<std::size_t>(1 - best)];
    TakeOver(&producer, node);
    return true;
  }

  Graph* graph_;
  std::vector<int> uses_;
  std::vector<int> producers_;
};

}  // namespace

void Fuse(Graph* graph) { Fuser(graph).Run(); }

}  // namespace candid::infer
