#include "candid/face/score_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace candid::face {
namespace {

constexpr float kOldest = 120;

}  // namespace

Status ScoreNetwork::Run(std::span<const float> ages, Template* made) {
  if (session_ == nullptr) {
    infer::SessionOptions options;
    options.precision = infer::Precision::kF32;
    CANDID_ASSIGN(session_, infer::Session::Create(model_, options));
  }
  const std::span<float> input = session_->input();
  const std::size_t dimension = made->values.size();
  if (input.size() != dimension && input.size() != dimension + ages.size()) {
    return Fail(Code::kMalformed,
                fmt::format("{} takes {} figures, templates have {} and ages {}", model_->name(),
                            input.size(), dimension, ages.size()));
  }
  std::copy(made->values.begin(), made->values.end(), input.begin());
  if (input.size() > dimension) {
    std::copy(ages.begin(), ages.end(), input.begin() + static_cast<std::ptrdiff_t>(dimension));
  }
  session_->Run();
  const std::span<const float> output = session_->output();
  if ((output.size() != 2 && output.size() != 3) ||
      !std::all_of(output.begin(), output.end(), [](float x) { return std::isfinite(x); })) {
    return Fail(Code::kMalformed,
                fmt::format("{} does not give mean, deviation and perhaps age", model_->name()));
  }
  made->figures = {std::clamp(output[0], -1.0f, 1.0f), std::clamp(output[1], 0.25f, 4.0f)};
  if (output.size() == 3) made->age = std::clamp(output[2], 0.0f, kOldest);
  return {};
}

}  // namespace candid::face
