#include "candid/infer/window.h"

#include <fmt/format.h>

#include <algorithm>

namespace candid::infer {
namespace {

constexpr std::int64_t kMaxWindow = 4096;

// Two numbers in [low, kMaxWindow], the default where the attribute is missing.
Status ReadPair(const Node& node, std::string_view attribute, std::int64_t low, std::int64_t* out) {
  const auto values = node.Ints(attribute);
  if (values.empty()) return {};
  if (values.size() != 2) {
    return Fail(Code::kUnsupported,
                fmt::format("{} has {} numbers; only two dimensions are supported", attribute,
                            values.size()));
  }
  for (int i = 0; i < 2; ++i) {
    if (values[i] < low || values[i] > kMaxWindow) {
      return Fail(Code::kMalformed, fmt::format("{} of {} is outside {} to {}", attribute,
                                                values[i], low, kMaxWindow));
    }
    out[i] = values[i];
  }
  return {};
}

Status ReadPads(const Node& node, Window* window) {
  const auto pads = node.Ints("pads");
  if (pads.empty()) return {};
  if (pads.size() != 4) {
    return Fail(Code::kUnsupported, fmt::format("pads has {} numbers, not 4", pads.size()));
  }
  for (const auto pad : pads) {
    if (pad < 0 || pad > kMaxWindow) {
      return Fail(Code::kMalformed, fmt::format("pads of {} are outside 0 to {}", pad, kMaxWindow));
    }
  }
  for (int i = 0; i < 2; ++i) {
    window->begin[i] = pads[i];
    window->end[i] = pads[i + 2];
  }
  return {};
}

Status Finish(const Node& node, const Shape& input, Window* window) {
  const std::string auto_pad = node.Text("auto_pad", "NOTSET");
  const bool ceil_mode = node.Int("ceil_mode", 0) != 0;
  for (int i = 0; i < 2; ++i) {
    const std::int64_t size = input[2 + i];
    const std::int64_t reach = (window->kernel[i] - 1) * window->dilation[i] + 1;
    const std::int64_t stride = window->stride[i];
    if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
      const std::int64_t output = (size + stride - 1) / stride;
      const std::int64_t pad = std::max<std::int64_t>(0, (output - 1) * stride + reach - size);
      window->begin[i] = auto_pad == "SAME_UPPER" ? pad / 2 : pad - pad / 2;
      window->end[i] = pad - window->begin[i];
    } else if (auto_pad != "NOTSET" && auto_pad != "VALID" && !auto_pad.empty()) {
      return Fail(Code::kUnsupported, fmt::format("auto_pad '{}' is not known", auto_pad));
    }
    const std::int64_t room = size + window->begin[i] + window->end[i] - reach;
    if (room < 0) {
      return Fail(Code::kMalformed,
                  fmt::format("a window of {} does not fit an input of {}", reach, ToText(input)));
    }
    window->output[i] = room / stride + 1;
    // The last window of ceil mode must still touch the input or the padding before it.
    if (ceil_mode && room % stride != 0 && window->output[i] * stride < size + window->begin[i]) {
      ++window->output[i];
    }
  }
  return {};
}

}  // namespace

Result<Window> WindowOf(const Node& node, const Shape& input, const std::int64_t* kernel) {
  if (input.size() != 4) {
    return Fail(Code::kUnsupported,
                fmt::format("the input is {}; only NCHW is supported", ToText(input)));
  }
  Window window;
  if (node.op == Op::kGlobalAveragePool || node.op == Op::kGlobalMaxPool) {
    for (int i = 0; i < 2; ++i) {
      window.kernel[i] = input[2 + i];
      window.output[i] = 1;
    }
    return window;
  }
  if (kernel != nullptr) {
    for (int i = 0; i < 2; ++i) {
      if (kernel[i] < 1 || kernel[i] > kMaxWindow) {
        return Fail(Code::kMalformed, fmt::format("a kernel of {}", kernel[i]));
      }
      window.kernel[i] = kernel[i];
    }
  } else {
    CANDID_TRY(ReadPair(node, "kernel_shape", 1, window.kernel));
  }
  CANDID_TRY(ReadPair(node, "strides", 1, window.stride));
  CANDID_TRY(ReadPair(node, "dilations", 1, window.dilation));
  CANDID_TRY(ReadPads(node, &window));
  CANDID_TRY(Finish(node, input, &window));
  return window;
}

bool HasPadding(const Node& node) {
  const std::string auto_pad = node.Text("auto_pad", "NOTSET");
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") return true;
  const auto pads = node.Ints("pads");
  return std::ranges::any_of(pads, [](auto pad) { return pad != 0; });
}

}  // namespace candid::infer
