#include "candid/face/score_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace candid::face {
namespace {

constexpr float kOldest = 120;

}  // namespace

Status ScoreNetwork::Run(Template* made) {
  if (session_ == nullptr) {
    infer::SessionOptions options;
    options.precision = infer::Precision::kF32;
    options.input_shapes[model_->inputs().front().name] = {
        1, static_cast<std::int64_t>(made->values.size())};
    CANDID_ASSIGN(session_, infer::Session::Create(model_, options));
  }
  const std::span<float> input = session_->input();
  std::copy(made->values.begin(), made->values.end(), input.begin());
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
