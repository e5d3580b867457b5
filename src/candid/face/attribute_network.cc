#include "candid/face/attribute_network.h"

#include <fmt/format.h>

#include <algorithm>

namespace candid::face {
namespace {

bool AreProbabilities(std::span<const float> values, std::size_t count) {
  return values.size() == count &&
         std::all_of(values.begin(), values.end(), [](float p) { return p >= 0 && p <= 1; });
}

}  // namespace

Status AttributeNetwork::Describe(const std::vector<float>& expression,
                                  const std::vector<float>& vector, const AttributeSet& wanted,
                                  Attributes* attributes) {
  const std::size_t size = expression.size() + vector.size();
  if (session_ == nullptr) {
    infer::SessionOptions options;
    options.precision = infer::Precision::kF32;
    CANDID_ASSIGN(session_, infer::Session::Create(model_, options));
  }
  const std::span<float> input = session_->input();
  if (input.size() != size) {
    return Fail(Code::kMalformed, fmt::format("{} takes {} figures, a face gives {}",
                                              model_->name(), input.size(), size));
  }
  std::copy(vector.begin(), vector.end(),
            std::copy(expression.begin(), expression.end(), input.begin()));
  session_->Run();
  const std::span<const float> traits = session_->output();
  if (!AreProbabilities(traits, kTraitCount)) {
    return Fail(Code::kMalformed,
                fmt::format("{} does not give {} probabilities", model_->name(), int{kTraitCount}));
  }
  for (std::size_t i = 0; i < traits.size(); ++i) {
    if (!wanted.traits[i]) continue;
    const bool value = traits[i] >= 0.5F;
    attributes->traits[i] = Statement{value, value ? traits[i] : 1 - traits[i]};
  }
  if (wanted.emotions) attributes->happy = traits[kSmile];
  return {};
}

}  // namespace candid::face
