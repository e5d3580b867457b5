// ScoreNetwork: a template's figures (base/figures.h), predicted from the template itself by the
// small network of the pack's score part.
#pragma once

#include <memory>

#include "candid/face/face.h"
#include "candid/infer/session.h"

namespace candid::face {

// One thread at a time. Always f32: what it computes costs nothing and is compared across machines.
class ScoreNetwork {
 public:
  explicit ScoreNetwork(std::shared_ptr<const infer::Model> model) : model_(std::move(model)) {}

  // Fills the figures, clamped to their range, and the age where the network gives it, from the
  // values. kMalformed: a network that does not take them or gives no numbers.
  Status Run(Template* made);

 private:
  std::shared_ptr<const infer::Model> model_;
  std::unique_ptr<infer::Session> session_;  // made when first needed
};

}  // namespace candid::face
