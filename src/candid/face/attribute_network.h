// AttributeNetwork: traits of a face, by the small network of the pack's attributes part.
#pragma once

#include <memory>
#include <vector>

#include "candid/face/face.h"
#include "candid/infer/session.h"

namespace candid::face {

// One thread at a time. Always f32: what it computes costs nothing and is compared across machines.
class AttributeNetwork {
 public:
  explicit AttributeNetwork(std::shared_ptr<const infer::Model> model) : model_(std::move(model)) {}

  // What `wanted` names, from the face's expression (expression.h) and the vector of the pack's
  // first embedder. kMalformed: a network that does not take them, or does not give kTraitCount
  // probabilities.
  Status Describe(const std::vector<float>& expression, const std::vector<float>& vector,
                  const AttributeSet& wanted, Attributes* attributes);

 private:
  std::shared_ptr<const infer::Model> model_;
  std::unique_ptr<infer::Session> session_;  // made when first needed
};

}  // namespace candid::face
