// infer_bench [--save DIR | --profile] [MODEL.onnx ...]: ours in f32 and bf16 against OpenCV DNN on
// the same ONNX bytes, one thread, interleaved in one run; medians, ratios and the share of the
// core's bf16 peak. Without a model: random-weight MobileFaceNet and IResNet-50. --save writes
// those two and the models for infer_ort.mjs, each also with its PRelus rewritten; --profile prints
// our time per step.
#include <fmt/format.h>
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <opencv2/dnn.hpp>

#include "candid/infer/session.h"
#include "candid/infer/testing_networks.h"

namespace {

using candid::Bytes;
using candid::infer::Model;
using candid::infer::Precision;
using candid::infer::Session;
using candid::infer::SessionOptions;

// Of this thread's CPU time: a neighbour on the core does not count.
double Milliseconds(const std::function<void()>& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
  };
  const double start = now();
  work();
  return now() - start;
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

// GFLOP/s of vdpbf16ps on sixteen independent registers; 0 where the CPU lacks it.
__attribute__((target("avx512f,avx512bf16,avx512bw,avx512vl"))) void DotLoop(std::int64_t rounds) {
  __m512 sum[16];
#pragma GCC unroll 16
  for (auto& s : sum) s = _mm512_setzero_ps();
  const __m512i a = _mm512_set1_epi32(0x3f803f80);
  for (std::int64_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 16
    for (auto& s : sum) asm volatile("vdpbf16ps %1, %1, %0" : "+v"(s) : "v"(a));
  }
}

double PeakGflops() {
  if (candid::infer::BestPrecision() != Precision::kBf16) return 0;
  constexpr std::int64_t kRounds = 2'000'000;
  std::vector<double> times;
  for (int i = 0; i < 9; ++i) times.push_back(Milliseconds([] { DotLoop(kRounds); }));
  return kRounds * 16. * 64 / Median(times) / 1e6;
}

struct Network {
  std::string name;
  Bytes onnx;
};

std::vector<float> InputOf(Session& session) {
  return candid::infer::testing::ModelBuilder().RandomValues(session.input().size(), 0, 1);
}

void Profile(Session& session) {
  const std::vector<float> input = InputOf(session);
  std::vector<std::vector<double>> times(session.steps());
  for (int i = 0; i < 21; ++i) {
    std::ranges::copy(input, session.input().begin());
    for (std::size_t step = 0; step < session.steps(); ++step) {
      times[step].push_back(Milliseconds([&] { session.RunStep(step); }));
    }
  }
  for (std::size_t step = 0; step < session.steps(); ++step) {
    fmt::print("{:8.1f} us  {}\n", Median(times[step]) * 1e3, session.step_name(step));
  }
}

// PRelu is ONNX Runtime's slow spot. s x + (1 - s) relu(x), the products written as normalisations,
// keeps its blocked layout: its fastest form that we know (performance.md A3).
Bytes WithoutPRelu(const Bytes& onnx) {
  onnx::ModelProto model;
  model.ParseFromArray(onnx.data(), static_cast<int>(onnx.size()));
  onnx::GraphProto* graph = model.mutable_graph();
  std::map<std::string, const onnx::TensorProto*> constants;
  for (const auto& tensor : graph->initializer()) constants[tensor.name()] = &tensor;
  std::vector<onnx::NodeProto> nodes;
  std::vector<onnx::TensorProto> added;
  const auto constant = [&](const std::string& name, const std::vector<float>& values) {
    onnx::TensorProto& tensor = added.emplace_back();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.add_dims(static_cast<std::int64_t>(values.size()));
    tensor.set_raw_data(values.data(), values.size() * sizeof(float));
  };
  const auto node = [&](const std::string& op, const std::vector<std::string>& inputs,
                        const std::string& output) {
    onnx::NodeProto& made = nodes.emplace_back();
    made.set_op_type(op);
    made.set_name(output);
    for (const auto& input : inputs) made.add_input(input);
    made.add_output(output);
    if (op != "BatchNormalization") return;
    candid::infer::testing::ModelBuilder::SetFloat(&made, "epsilon", 0);
  };
  for (const auto& old : graph->node()) {
    if (old.op_type() != "PRelu") {
      nodes.push_back(old);
      continue;
    }
    const onnx::TensorProto& slopes = *constants.at(old.input(1));
    std::vector<float> s(slopes.float_data().begin(), slopes.float_data().end());
    if (slopes.has_raw_data()) {
      s.resize(slopes.raw_data().size() / sizeof(float));
      std::memcpy(s.data(), slopes.raw_data().data(), s.size() * sizeof(float));
    }
    std::vector<float> rest;
    for (const float x : s) rest.push_back(1 - x);
    const std::string& y = old.output(0);
    constant(y + ".slope", s);
    constant(y + ".rest", rest);
    constant(y + ".zero", std::vector<float>(s.size(), 0));
    constant(y + ".one", std::vector<float>(s.size(), 1));
    const auto scaled = [&](const std::string& x, const std::string& scale, const std::string& to) {
      node("BatchNormalization", {x, y + scale, y + ".zero", y + ".zero", y + ".one"}, to);
    };
    node("Relu", {old.input(0)}, y + ".relu");
    scaled(old.input(0), ".slope", y + ".left");
    scaled(y + ".relu", ".rest", y + ".right");
    node("Add", {y + ".left", y + ".right"}, y);
  }
  graph->clear_node();
  for (auto& made : nodes) *graph->add_node() = made;
  for (auto& tensor : added) *graph->add_initializer() = tensor;
  const std::string text = model.SerializeAsString();
  return {text.begin(), text.end()};
}

void Save(const std::string& path, const Bytes& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

std::unique_ptr<Session> Open(const std::shared_ptr<const Model>& model, Precision precision) {
  SessionOptions options;
  options.precision = precision;
  auto session = Session::Create(model, options);
  if (!session.has_value()) {
    fmt::print(stderr, "{}\n", session.error().message());
    std::exit(1);
  }
  return *std::move(session);
}

void Compare(const Network& network, double peak, bool profile) {
  auto model = Model::Load(network.onnx, network.name);
  if (!model.has_value()) {
    fmt::print(stderr, "{}\n", model.error().message());
    std::exit(1);
  }
  const Precision best = candid::infer::BestPrecision();
  const auto f32 = Open(*model, Precision::kF32);
  const auto fast = Open(*model, best);
  if (profile) return Profile(*fast);

  auto net = cv::dnn::readNetFromONNX(reinterpret_cast<const char*>(network.onnx.data()),
                                      network.onnx.size());
  const auto& shape = f32->input_shape();
  const std::vector<int> sizes(shape.begin(), shape.end());
  std::vector<float> values = InputOf(*f32);
  const cv::Mat input(sizes, CV_32F, values.data());
  const auto opencv = [&] {
    net.setInput(input);
    net.forward();
  };
  const auto ours = [&](Session& session) {
    std::ranges::copy(values, session.input().begin());
    session.Run();
  };
  std::vector<double> times[3];
  for (int i = 0; i < 32; ++i) {
    const double t[3] = {Milliseconds(opencv), Milliseconds([&] { ours(*f32); }),
                         Milliseconds([&] { ours(*fast); })};
    for (int k = 0; i >= 2 && k < 3; ++k) times[k].push_back(t[k]);
  }
  const double cv_ms = Median(times[0]);
  const double f32_ms = Median(times[1]);
  const double fast_ms = Median(times[2]);
  const double gflop = 2e-9 * static_cast<double>(fast->products());
  fmt::print("{:24} {:9.2f} {:9.2f} {:9.2f} {:8.2f} {:8.2f} {:9.0f} %\n", network.name, cv_ms,
             f32_ms, fast_ms, cv_ms / f32_ms, cv_ms / fast_ms,
             peak > 0 ? 100 * gflop / fast_ms * 1e3 / peak : 0);
}

}  // namespace

int main(int argc, char** argv) {
  cv::setNumThreads(1);
  std::vector<Network> networks;
  bool profile = false;
  std::string save;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--profile") {
      profile = true;
    } else if (argument == "--save" && i + 1 < argc) {
      save = argv[++i];
    } else {
      std::ifstream file(argument, std::ios::binary);
      std::string name = argument.substr(argument.rfind('/') + 1);
      if (name.ends_with(".onnx")) name.resize(name.size() - 5);
      networks.push_back({std::move(name), Bytes(std::istreambuf_iterator<char>(file), {})});
    }
  }
  if (networks.empty() || !save.empty()) {
    networks.push_back({"mobilefacenet-random", candid::infer::testing::MobileFaceNet(64)});
    networks.push_back({"iresnet50-random", candid::infer::testing::IResNet({3, 4, 14, 3}, false)});
  }
  if (!save.empty()) {
    for (const Network& network : networks) {
      Save(save + "/" + network.name + ".onnx", network.onnx);
      Save(save + "/" + network.name + "-rewritten.onnx", WithoutPRelu(network.onnx));
    }
    return 0;
  }
  const double peak = PeakGflops();
  fmt::print("one thread, CPU milliseconds, medians of 30 interleaved; bf16 peak {:.0f} GFLOP/s\n",
             peak);
  fmt::print("{:24} {:>9} {:>9} {:>9} {:>8} {:>8} {:>11}\n", "network", "OpenCV", "f32",
             NameOf(candid::infer::BestPrecision()), "cv/f32", "cv/best", "of peak");
  for (const Network& network : networks) Compare(network, peak, profile);
}
