#include "candid/models/testing_tfjs.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>

namespace candid::models::testing {
namespace {

using Shape = std::vector<std::int64_t>;

std::size_t Count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t side : shape) count *= side;
  return static_cast<std::size_t>(count);
}

TfjsTensor Zeros(const Shape& shape, float value = 0) {
  return {shape, std::vector<float>(Count(shape), value)};
}

// b is of a's shape, one figure a channel, or one figure.
TfjsTensor Each(const TfjsTensor& a, const TfjsTensor& b,
                const std::function<float(float, float)>& f) {
  if (a.values.size() % b.values.size() != 0) throw std::runtime_error("shapes do not fit");
  TfjsTensor out = a;
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    out.values[i] = f(a.values[i], b.values[i % b.values.size()]);
  }
  return out;
}

TfjsTensor Each(const TfjsTensor& a, const std::function<float(float)>& f) {
  TfjsTensor out = a;
  for (float& value : out.values) value = f(value);
  return out;
}

struct Axis {
  std::int64_t out, before;
};
Axis Slide(const TfjsNode& node, std::size_t axis, std::int64_t in, std::int64_t window) {
  const std::int64_t stride = node.strides.at(axis);
  if (!node.same_padding) return {(in - window) / stride + 1, 0};
  const std::int64_t out = (in + stride - 1) / stride;
  return {out, std::max<std::int64_t>((out - 1) * stride + window - in, 0) / 2};
}

// Calls visit(output cell, input cell, window cell) for each that lies inside.
void Windows(const TfjsNode& node, const TfjsTensor& x, std::int64_t window_height,
             std::int64_t window_width, Shape* out,
             const std::function<void(std::size_t, std::size_t, std::size_t)>& visit) {
  const std::int64_t height = x.shape[1], width = x.shape[2];
  const Axis down = Slide(node, 0, height, window_height);
  const Axis across = Slide(node, 1, width, window_width);
  *out = {1, down.out, across.out, x.shape[3]};
  if (!visit) return;
  for (std::int64_t r = 0; r < down.out; ++r) {
    for (std::int64_t c = 0; c < across.out; ++c) {
      for (std::int64_t h = 0; h < window_height; ++h) {
        for (std::int64_t w = 0; w < window_width; ++w) {
          const std::int64_t y = r * node.strides[0] + h - down.before;
          const std::int64_t z = c * node.strides[1] + w - across.before;
          if (y < 0 || z < 0 || y >= height || z >= width) continue;
          visit(static_cast<std::size_t>(r * across.out + c),
                static_cast<std::size_t>(y * width + z),
                static_cast<std::size_t>(h * window_width + w));
        }
      }
    }
  }
}

TfjsTensor Convolve(const TfjsNode& node, const TfjsTensor& x, const TfjsTensor& weight,
                    bool depthwise) {
  const auto in = static_cast<std::size_t>(weight.shape[2]);
  const auto outputs = depthwise ? in : static_cast<std::size_t>(weight.shape[3]);
  Shape shape;
  Windows(node, x, weight.shape[0], weight.shape[1], &shape, nullptr);
  shape[3] = static_cast<std::int64_t>(outputs);
  TfjsTensor out = Zeros(shape);
  Windows(node, x, weight.shape[0], weight.shape[1], &shape,
          [&](std::size_t to, std::size_t from, std::size_t cell) {
            float* y = &out.values[to * outputs];
            const float* v = &x.values[from * in];
            if (depthwise) {
              const float* w = &weight.values[cell * in];
              for (std::size_t i = 0; i < in; ++i) y[i] += v[i] * w[i];
              return;
            }
            for (std::size_t i = 0; i < in; ++i) {
              const float* w = &weight.values[(cell * in + i) * outputs];
              for (std::size_t o = 0; o < outputs; ++o) y[o] += v[i] * w[o];
            }
          });
  return out;
}

TfjsTensor MaxPool(const TfjsNode& node, const TfjsTensor& x) {
  const auto channels = static_cast<std::size_t>(x.shape[3]);
  Shape shape;
  Windows(node, x, node.window[0], node.window[1], &shape, nullptr);
  TfjsTensor out = Zeros(shape, -INFINITY);
  Windows(node, x, node.window[0], node.window[1], &shape,
          [&](std::size_t to, std::size_t from, std::size_t) {
            for (std::size_t c = 0; c < channels; ++c) {
              float& y = out.values[to * channels + c];
              y = std::max(y, x.values[from * channels + c]);
            }
          });
  return out;
}

TfjsTensor Pad(const TfjsTensor& x, const TfjsTensor& pads) {
  Shape shape = x.shape;
  for (std::size_t a = 0; a < 4; ++a) {
    shape[a] += static_cast<std::int64_t>(pads.values[2 * a] + pads.values[2 * a + 1]);
  }
  TfjsTensor out = Zeros(shape);
  const auto before = [&](std::size_t axis) {
    return static_cast<std::int64_t>(pads.values[2 * axis]);
  };
  for (std::int64_t h = 0; h < x.shape[1]; ++h) {
    for (std::int64_t w = 0; w < x.shape[2]; ++w) {
      for (std::int64_t c = 0; c < x.shape[3]; ++c) {
        const std::int64_t to =
            ((h + before(1)) * shape[2] + w + before(2)) * shape[3] + c + before(3);
        out.values[static_cast<std::size_t>(to)] =
            x.values[static_cast<std::size_t>((h * x.shape[2] + w) * x.shape[3] + c)];
      }
    }
  }
  return out;
}

TfjsTensor Mean(const TfjsTensor& x) {
  const auto channels = static_cast<std::size_t>(x.shape[3]);
  TfjsTensor out = Zeros({1, x.shape[3]});
  for (std::size_t i = 0; i < x.values.size(); ++i) out.values[i % channels] += x.values[i];
  for (float& value : out.values) value /= static_cast<float>(x.values.size() / channels);
  return out;
}

TfjsTensor Product(const TfjsTensor& x, const TfjsTensor& weight) {
  const auto outputs = static_cast<std::size_t>(weight.shape[1]);
  TfjsTensor out = Zeros({1, weight.shape[1]});
  for (std::size_t i = 0; i < weight.values.size(); ++i) {
    out.values[i % outputs] += x.values[i / outputs] * weight.values[i];
  }
  return out;
}

TfjsTensor Softmax(const TfjsTensor& x) {
  TfjsTensor out = Each(x, [](float v) { return std::exp(v); });
  float sum = 0;
  for (float value : out.values) sum += value;
  return Each(out, [sum](float v) { return v / sum; });
}

float Relu(float x) { return std::max(x, 0.F); }
float Prelu(float x, float slope) { return x < 0 ? slope * x : x; }

TfjsTensor Compute(const TfjsNode& node, const std::function<const TfjsTensor&(std::size_t)>& in) {
  const std::string& op = node.op;
  const TfjsTensor& x = in(0);
  const bool convolution =
      op.find("Conv2") != std::string::npos || op.find("Conv2d") != std::string::npos;
  if (convolution || op == "_FusedMatMul") {
    TfjsTensor y = convolution ? Convolve(node, x, in(1), op.find("Depthwise") != std::string::npos)
                               : Product(x, in(1));
    std::size_t next = 2;
    for (const std::string& fused : node.fused) {
      if (fused == "BiasAdd") y = Each(y, in(next++), std::plus<float>());
      if (fused == "Relu") y = Each(y, Relu);
      if (fused == "Prelu") y = Each(y, in(next++), Prelu);
    }
    return y;
  }
  if (op == "Add" || op == "AddV2") return Each(x, in(1), std::plus<float>());
  if (op == "Sub") return Each(x, in(1), std::minus<float>());
  if (op == "Mul") return Each(x, in(1), std::multiplies<float>());
  if (op == "Minimum") return Each(x, in(1), [](float a, float b) { return std::min(a, b); });
  if (op == "Maximum") return Each(x, in(1), [](float a, float b) { return std::max(a, b); });
  if (op == "Mean") return Mean(x);
  if (op == "Softmax") return Softmax(x);
  if (op == "Prelu") return Each(x, in(1), Prelu);
  if (op == "Abs") return Each(x, [](float v) { return std::abs(v); });
  if (op == "Relu") return Each(x, Relu);
  if (op == "Sigmoid") return Each(x, [](float v) { return 1 / (1 + std::exp(-v)); });
  if (op == "MaxPool") return MaxPool(node, x);
  if (op == "Pad") return Pad(x, in(1));
  if (op == "Identity" || op == "Reshape" || op == "Squeeze") return x;  // same order of figures
  throw std::runtime_error("the reference does not know " + op);
}

}  // namespace

std::map<std::string, TfjsTensor> Evaluate(const TfjsGraph& graph,
                                           const std::vector<float>& picture) {
  std::map<std::string, TfjsTensor> values = graph.weights;
  for (const TfjsNode& node : graph.nodes) {
    if (node.op == "Placeholder") {
      values[node.name] = {node.shape, picture};
      values[node.name].shape[0] = 1;
      continue;
    }
    // The normalisation at the end is not converted.
    if (node.op == "Square") break;
    values[node.name] = Compute(
        node, [&](std::size_t i) -> const TfjsTensor& { return values.at(node.inputs[i]); });
  }
  return values;
}

int RepairPrelus(TfjsGraph* graph) {
  const auto find = [&](const std::string& name) {
    return std::find_if(graph->nodes.begin(), graph->nodes.end(),
                        [&](const TfjsNode& node) { return node.name == name; });
  };
  std::vector<TfjsNode> mended;
  int count = 0;
  for (TfjsNode node : graph->nodes) {
    const auto scaled = node.op == "Add" ? find(node.inputs[1]) : graph->nodes.end();
    if (scaled != graph->nodes.end() && scaled->op == "Mul") {
      ++count;
      for (float& c : graph->weights.at(scaled->inputs[1]).values) c = -c;
      const std::string x = find(scaled->inputs[0])->inputs[0];
      if (node.inputs[0] == x) {
        const auto convolution = std::find_if(mended.begin(), mended.end(),
                                              [&](const TfjsNode& n) { return n.name == x; });
        std::erase(convolution->fused, "Relu");
        mended.push_back({x + "/relu", "Relu", {x}, {}, {}, {}, false, {}});
        node.inputs[0] = x + "/relu";
      }
    }
    mended.push_back(std::move(node));
  }
  graph->nodes = std::move(mended);
  return count;
}

}  // namespace candid::models::testing
