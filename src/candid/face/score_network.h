// ScoreNetwork: a template's figures (base/figures.h), predicted from the template itself by the
// small network of the pack's score part.
#pragma once

#include <memory>
#include <span>

#include "candid/face/face.h"
#include "candid/infer/session.h"

namespace candid::face {

// One thread at a time. Always f32: what it computes costs nothing and is compared across machines.
class ScoreNetwork {
 public:
  explicit ScoreNetwork(std::shared_ptr<const infer::Model> model) : model_(std::move(model)) {}

  // Fills the figures, clamped to their range, and the age where the network gives it, from the
  // values and, where the network has room for them behind, `ages`: the probabilities of 0, 1, 2,
  // ... years that an embedder gave (may be empty). kMalformed: a network that takes something
  // else or gives no numbers.
  Status Run(std::span<const float> ages, Template* made);

 private:
  std::shared_ptr<const infer::Model> model_;
  std::unique_ptr<infer::Session> session_;  // made when first needed
};

}  // namespace candid::face
