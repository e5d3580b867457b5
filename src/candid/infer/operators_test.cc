// Every operator and whole networks against OpenCV DNN, an engine written by others.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <opencv2/dnn.hpp>

#include "candid/infer/session.h"
#include "candid/infer/testing_networks.h"

namespace candid::infer {
namespace {

using testing::ModelBuilder;

constexpr double kTolerance = 1e-4;

struct Run {
  std::vector<std::vector<float>> outputs;
  std::vector<Shape> shapes;
};

std::vector<float> InputFor(const Shape& shape, unsigned seed, float spread) {
  std::size_t count = 1;
  for (const auto size : shape) count *= static_cast<std::size_t>(size);
  return ModelBuilder(10, seed).RandomValues(count, 0, spread);
}

Run RunOurs(const Bytes& onnx, Precision precision, float spread = 1) {
  Run run;
  auto model = Model::Load(onnx, "test");
  EXPECT_TRUE(model.has_value()) << model.error().message();
  if (!model.has_value()) return run;
  SessionOptions options;
  options.precision = precision;
  auto session = Session::Create(*model, options);
  EXPECT_TRUE(session.has_value()) << session.error().message();
  if (!session.has_value()) return run;
  // Twice: the second run must not see what the first left behind.
  for (int time = 0; time < 2; ++time) {
    for (std::size_t i = 0; i < (*model)->inputs().size(); ++i) {
      std::ranges::copy(InputFor((*session)->input_shape(i), static_cast<unsigned>(i) + 7, spread),
                        (*session)->input(i).begin());
    }
    (*session)->Run();
  }
  for (std::size_t i = 0; i < (*model)->outputs().size(); ++i) {
    const auto output = (*session)->output(i);
    run.outputs.emplace_back(output.begin(), output.end());
    run.shapes.push_back((*session)->output_shape(i));
  }
  return run;
}

std::vector<std::vector<float>> RunOpenCv(const Bytes& onnx, float spread = 1) {
  auto net = cv::dnn::readNetFromONNX(reinterpret_cast<const char*>(onnx.data()), onnx.size());
  auto model = Model::Load(onnx, "test");
  for (std::size_t i = 0; i < (*model)->inputs().size(); ++i) {
    const auto& info = (*model)->inputs()[i];
    std::vector<int> sizes(info.shape.begin(), info.shape.end());
    auto values = InputFor(info.shape, static_cast<unsigned>(i) + 7, spread);
    net.setInput(cv::Mat(sizes, CV_32F, values.data()).clone(), info.name);
  }
  std::vector<cv::String> names;
  for (const auto& info : (*model)->outputs()) names.push_back(info.name);
  std::vector<cv::Mat> blobs;
  net.forward(blobs, names);
  std::vector<std::vector<float>> outputs;
  for (const auto& blob : blobs) {
    outputs.emplace_back(blob.ptr<float>(), blob.ptr<float>() + blob.total());
  }
  return outputs;
}

// The largest difference relative to the largest number.
double Difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size() || a.empty()) return 1e9;
  double largest = 0;
  double difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(b[i])));
    const double d = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(d <= difference)) difference = d;  // a NaN stays
  }
  return largest > 0 ? difference / largest : difference;
}

double Cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double dot = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    dot += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return dot / std::sqrt(aa * bb);
}

void ExpectAgrees(const Bytes& onnx, float spread = 1, double bf16_cosine = 0.999) {
  const auto expected = RunOpenCv(onnx, spread);
  const Run f32 = RunOurs(onnx, Precision::kF32, spread);
  ASSERT_EQ(f32.outputs.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_LE(Difference(f32.outputs[i], expected[i]), kTolerance) << "output " << i;
  }
  if (BestPrecision() != Precision::kBf16) return;
  const Run bf16 = RunOurs(onnx, Precision::kBf16, spread);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_GE(Cosine(bf16.outputs[i], expected[i]), bf16_cosine) << "output " << i;
  }
}

// One operator between two convolutions: it meets the layout and type of the inside of a network.
struct Case {
  const char* name;
  std::int64_t channels;
  std::function<void(ModelBuilder&)> add;  // "x" -> "y"
};

void PrintTo(const Case& c, std::ostream* os) { *os << c.name; }

const Case kCases[] = {
    {"Conv1x1", 16, [](auto& b) { b.Conv("x", "y", 16, 24, 1); }},
    {"Conv3x3", 16, [](auto& b) { b.Conv("x", "y", 16, 33, 3); }},
    {"Conv3x3Stride2", 20, [](auto& b) { b.Conv("x", "y", 20, 24, 3, 2); }},
    {"Conv5x5NoBias", 16, [](auto& b) { b.Conv("x", "y", 16, 24, 5, 1, 1, false); }},
    {"ConvGrouped", 16, [](auto& b) { b.Conv("x", "y", 16, 24, 3, 1, 4); }},
    {"ConvDepthwise", 24, [](auto& b) { b.Conv("x", "y", 24, 24, 3, 1, 24); }},
    {"ConvDepthwiseStride2", 35, [](auto& b) { b.Conv("x", "y", 35, 35, 3, 2, 35); }},
    {"ConvDepthwise5x5", 24, [](auto& b) { b.Conv("x", "y", 24, 24, 5, 1, 24); }},
    {"ConvDepthwisePRelu", 24,
     [](auto& b) {
       b.Conv("x", "t", 24, 24, 3, 2, 24);
       b.PRelu("t", "y", 24);
     }},
    {"ConvAsymmetricPads", 16,
     [](auto& b) {
       auto* node = b.Node("Conv", {"x", b.Random("w", {8, 16, 3, 3}, 0, 0.1F)}, "y");
       ModelBuilder::Set(node, "kernel_shape", {3, 3});
       ModelBuilder::Set(node, "strides", {2, 2});
       ModelBuilder::Set(node, "pads", {0, 0, 1, 1});
     }},
    {"ConvSameUpper", 16,
     [](auto& b) {
       auto* node = b.Node("Conv", {"x", b.Random("w", {8, 16, 3, 3}, 0, 0.1F)}, "y");
       ModelBuilder::Set(node, "kernel_shape", {3, 3});
       ModelBuilder::Set(node, "strides", {2, 2});
       ModelBuilder::SetText(node, "auto_pad", "SAME_UPPER");
     }},
    {"ConvDilated", 16,
     [](auto& b) {
       auto* node = b.Node("Conv", {"x", b.Random("w", {8, 16, 3, 3}, 0, 0.1F)}, "y");
       ModelBuilder::Set(node, "kernel_shape", {3, 3});
       ModelBuilder::Set(node, "dilations", {2, 2});
       ModelBuilder::Set(node, "pads", {2, 2, 2, 2});
     }},
    {"PRelu", 16, [](auto& b) { b.PRelu("x", "y", 16); }},
    {"PReluMxnet", 16, [](auto& b) { b.PRelu("x", "y", 16, true); }},
    {"Relu", 16, [](auto& b) { b.Node("Relu", {"x"}, "y"); }},
    {"LeakyRelu", 16,
     [](auto& b) { ModelBuilder::SetFloat(b.Node("LeakyRelu", {"x"}, "y"), "alpha", 0.2F); }},
    {"Clip", 16,
     [](auto& b) {
       auto* node = b.Node("Clip", {"x"}, "y");
       ModelBuilder::SetFloat(node, "min", 0);
       ModelBuilder::SetFloat(node, "max", 0.5F);
     }},
    {"Sigmoid", 16, [](auto& b) { b.Node("Sigmoid", {"x"}, "y"); }},
    {"Tanh", 16, [](auto& b) { b.Node("Tanh", {"x"}, "y"); }},
    {"Abs", 16, [](auto& b) { b.Node("Abs", {"x"}, "y"); }},
    {"Neg", 16, [](auto& b) { b.Node("Neg", {"x"}, "y"); }},
    {"BatchNormalization", 16,
     [](auto& b) {
       b.Node("Sigmoid", {"x"}, "t");  // keeps it from being folded
       b.Normalization("t", "y", 16);
     }},
    // As MXNet's exporter and opset 7 write it: still one number a channel.
    {"BatchNormalizationSpatial0", 16,
     [](auto& b) {
       b.Node("Sigmoid", {"x"}, "t");
       ModelBuilder::Set(b.Normalization("t", "y", 16), "spatial", 0);
     }},
    {"ConvNormalizationPRelu", 16,
     [](auto& b) {
       b.Conv("x", "t", 16, 24, 3, 1, 1, false);
       b.Normalization("t", "u", 24);
       b.PRelu("u", "y", 24, true);
     }},
    {"NormalizationConvPadded", 16,
     [](auto& b) {
       b.Node("Relu", {"x"}, "r");
       b.Normalization("r", "t", 16);
       b.Conv("t", "y", 16, 24, 3);
     }},
    {"NormalizationConvUnpadded", 16,
     [](auto& b) {
       b.Node("Relu", {"x"}, "r");
       b.Normalization("r", "t", 16);
       b.Conv("t", "y", 16, 24, 1);
     }},
    {"NormalizationDepthwiseUnpadded", 16,
     [](auto& b) {
       b.Node("Relu", {"x"}, "r");
       b.Normalization("r", "t", 16);
       b.Conv("t", "y", 16, 16, 1, 1, 16);
     }},
    {"AddTwoBranches", 16,
     [](auto& b) {
       b.Conv("x", "t", 16, 16, 3);
       b.Conv("x", "u", 16, 16, 1);
       b.Node("Add", {"t", "u"}, "s");
       b.Node("Relu", {"s"}, "y");
     }},
    {"AddResidualPRelu", 16,
     [](auto& b) {
       b.Conv("x", "t", 16, 16, 3);
       b.Node("Add", {"x", "t"}, "s");
       b.PRelu("s", "y", 16);
     }},
    {"AddResidualStillRead", 16,
     [](auto& b) {
       b.Conv("x", "t", 16, 16, 3);
       b.Node("Add", {"t", "x"}, "s");
       b.Conv("s", "u", 16, 16, 1);
       b.Node("Add", {"u", "x"}, "y");
     }},
    {"AddAfterPool", 16,
     [](auto& b) {
       b.Node("Relu", {"x"}, "t");
       b.Node("Sigmoid", {"x"}, "u");
       b.Node("Add", {"t", "u"}, "s");
       b.Node("Relu", {"s"}, "y");
     }},
    {"DepthwiseResidual", 16,
     [](auto& b) {
       b.Conv("x", "t", 16, 16, 3, 1, 16);
       b.Node("Add", {"x", "t"}, "s");
       b.PRelu("s", "y", 16);
     }},
    {"SubTwo", 16,
     [](auto& b) {
       b.Node("Sigmoid", {"x"}, "t");
       b.Node("Sub", {"x", "t"}, "y");
     }},
    {"MulTwo", 16,
     [](auto& b) {
       b.Node("Sigmoid", {"x"}, "t");
       b.Node("Mul", {"x", "t"}, "y");
     }},
    {"AddConstant", 16,
     [](auto& b) {
       b.Node("Sigmoid", {"x"}, "t");
       b.Node("Add", {"t", b.Random("k", {1, 16, 1, 1}, 0, 1)}, "y");
     }},
    {"MulScalar", 16,
     [](auto& b) {
       b.Node("Sigmoid", {"x"}, "t");
       b.Node("Mul", {"t", b.Floats("k", {1}, {3.5F})}, "y");
     }},
    {"SubFolded", 16,
     [](auto& b) { b.Node("Sub", {"x", b.Random("k", {1, 16, 1, 1}, 0, 1)}, "y"); }},
    {"DivScalar", 16, [](auto& b) { b.Node("Div", {"x", b.Floats("k", {1}, {3.5F})}, "y"); }},
    {"MaxPool", 16,
     [](auto& b) {
       auto* node = b.Node("MaxPool", {"x"}, "y");
       ModelBuilder::Set(node, "kernel_shape", {3, 3});
       ModelBuilder::Set(node, "strides", {2, 2});
       ModelBuilder::Set(node, "pads", {1, 1, 1, 1});
     }},
    {"MaxPool2", 16,
     [](auto& b) {
       auto* node = b.Node("MaxPool", {"x"}, "y");
       ModelBuilder::Set(node, "kernel_shape", {2, 2});
       ModelBuilder::Set(node, "strides", {2, 2});
     }},
    {"AveragePool", 16,
     [](auto& b) {
       auto* node = b.Node("AveragePool", {"x"}, "y");
       ModelBuilder::Set(node, "kernel_shape", {3, 3});
       ModelBuilder::Set(node, "strides", {2, 2});
     }},
    {"GlobalAveragePool", 16, [](auto& b) { b.Node("GlobalAveragePool", {"x"}, "y"); }},
    {"GlobalMaxPool", 16, [](auto& b) { b.Node("GlobalMaxPool", {"x"}, "y"); }},
    {"PadSpatial", 16,
     [](auto& b) {
       ModelBuilder::Set(b.Node("Pad", {"x"}, "y"), "pads", {0, 0, 1, 2, 0, 0, 3, 1});
     }},
    {"PadChannels", 16,
     [](auto& b) {
       ModelBuilder::Set(b.Node("Pad", {"x"}, "y"), "pads", {0, 0, 0, 0, 0, 8, 0, 0});
     }},
    {"ConcatChannels", 16,
     [](auto& b) {
       b.Conv("x", "t", 16, 9, 1);
       ModelBuilder::Set(b.Node("Concat", {"x", "t"}, "y"), "axis", 1);
     }},
    {"Upsample", 16,
     [](auto& b) {
       auto* node = b.Node("Upsample", {"x", b.Floats("k", {4}, {1, 1, 2, 2})}, "y");
       ModelBuilder::SetText(node, "mode", "nearest");
     }},
    {"IdentityDropout", 16,
     [](auto& b) {
       b.Node("Identity", {"x"}, "t");
       b.Node("Dropout", {"t"}, "y");
     }},
};

class OperatorTest : public ::testing::TestWithParam<Case> {};

TEST_P(OperatorTest, InsideANetworkAgreesWithOpenCv) {
  ModelBuilder b;
  b.Input("in", {1, 3, 14, 18});
  b.Conv("in", "x", 3, GetParam().channels, 3);
  GetParam().add(b);
  b.Node("Sigmoid", {"y"}, "out");
  b.Output("out");
  ExpectAgrees(b.Build());
}

TEST_P(OperatorTest, AsTheWholeNetworkAgreesWithOpenCv) {
  ModelBuilder b;
  b.Input("x", {1, GetParam().channels, 14, 18});
  GetParam().add(b);
  if (std::string_view(GetParam().name) == "IdentityDropout") b.Node("Relu", {"y"}, "z");
  b.Output(std::string_view(GetParam().name) == "IdentityDropout" ? "z" : "y");
  ExpectAgrees(b.Build());
}

INSTANTIATE_TEST_SUITE_P(All, OperatorTest, ::testing::ValuesIn(kCases),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(HeadTest, FlattenGemmSoftmax) {
  ModelBuilder b;
  b.Input("in", {1, 3, 14, 18});
  b.Conv("in", "x", 3, 8, 3, 2);
  b.Node("Flatten", {"x"}, "f");
  auto* gemm =
      b.Node("Gemm", {"f", b.Random("w", {20, 8 * 63}, 0, 0.05F), b.Random("b", {20}, 0, 1)}, "g");
  ModelBuilder::Set(gemm, "transB", 1);
  ModelBuilder::Set(b.Node("Softmax", {"g"}, "s"), "axis", 1);
  b.Output("s");
  ExpectAgrees(b.Build());
}

TEST(HeadTest, TransposeReshapeConcatAsDetectorsDo) {
  ModelBuilder b;
  b.Input("in", {1, 3, 16, 16});
  b.Conv("in", "x", 3, 16, 3, 2);
  b.Conv("x", "y", 16, 32, 3, 2);
  b.Conv("x", "h1", 16, 6, 1);
  b.Conv("y", "h2", 32, 18, 1);
  const auto shape = b.Integers("shape", {1, -1, 3});
  for (const std::string h : {"h1", "h2"}) {
    ModelBuilder::Set(b.Node("Transpose", {h}, h + "t"), "perm", {0, 2, 3, 1});
    b.Node("Reshape", {h + "t", shape}, h + "r");
  }
  ModelBuilder::Set(b.Node("Concat", {"h1r", "h2r"}, "out"), "axis", 1);
  b.Output("out");
  ExpectAgrees(b.Build());
}

TEST(NetworkTest, MobileFaceNetAgreesWithOpenCv) { ExpectAgrees(testing::MobileFaceNet(192)); }

TEST(NetworkTest, IResNet50AgreesWithOpenCv) { ExpectAgrees(testing::IResNet({3, 4, 14, 3}), 127); }

TEST(NetworkTest, IResNet100AgreesWithOpenCv) {
  ExpectAgrees(testing::IResNet({3, 13, 30, 3}), 127);
}

// The packs' own models, where `./up` or the build has converted them.
TEST(NetworkTest, ConvertedModelsAgreeWithOpenCv) {
  const char* build = std::getenv("CANDID_BUILD_DIR");
  const auto folder = std::filesystem::path(build == nullptr ? "." : build) / "models";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".onnx") continue;
    SCOPED_TRACE(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    ExpectAgrees(Bytes(std::istreambuf_iterator<char>(file), {}));
  }
}

}  // namespace
}  // namespace candid::infer
