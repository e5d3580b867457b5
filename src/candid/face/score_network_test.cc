#include "candid/face/score_network.h"

#include <gtest/gtest.h>

#include "candid/models/onnx_writer.h"

namespace candid::face {
namespace {

// A product of the values (two of them) with `weights`, rows as outputs.
std::shared_ptr<const infer::Model> Linear(const std::vector<float>& weights) {
  const auto outputs = static_cast<std::int64_t>(weights.size() / 2);
  models::OnnxWriter writer("linear");
  writer.AddInput("in", {1, 2});
  const std::string w = writer.AddFloats("w", {outputs, 2}, weights);
  const std::string b = writer.AddFloats("b", {outputs}, std::vector<float>(weights.size() / 2));
  writer.AddNode("Gemm", {"in", w, b}, "out");
  writer.Attribute("transB", std::int64_t{1});
  writer.AddOutput("out", {1, outputs});
  auto model = infer::Model::Load(writer.Serialise(), "linear");
  EXPECT_TRUE(model) << model.error().message();
  return *model;
}

Template Made(std::vector<float> values) { return {std::move(values), {}, {}}; }

TEST(ScoreNetworkTest, FillsFiguresAndAge) {
  ScoreNetwork network(Linear({0.5f, 0, 0, 2, 0, 50}));
  Template made = Made({0.6f, 0.8f});
  ASSERT_TRUE(network.Run({}, &made));
  EXPECT_FLOAT_EQ(made.figures.mean, 0.3f);
  EXPECT_FLOAT_EQ(made.figures.deviation, 1.6f);
  ASSERT_TRUE(made.age);
  EXPECT_FLOAT_EQ(*made.age, 40);
}

TEST(ScoreNetworkTest, LeavesTheAgeToOthersWhereItHasNone) {
  ScoreNetwork network(Linear({1, 0, 0, 1}));
  Template made = Made({0.6f, 0.8f});
  made.age = 33.0f;
  ASSERT_TRUE(network.Run({}, &made));
  EXPECT_EQ(made.age, 33.0f);
}

TEST(ScoreNetworkTest, KeepsFiguresInTheirRange) {
  ScoreNetwork network(Linear({-9, 0, 0, 0, 0, -9}));
  Template made = Made({1, 0});
  ASSERT_TRUE(network.Run({}, &made));
  EXPECT_TRUE(InRange(made.figures));
  EXPECT_EQ(made.figures, (Figures{-1, 0.25f}));
  EXPECT_EQ(made.age, 0);
}

TEST(ScoreNetworkTest, TakesTheAgesBehindTheTemplate) {
  ScoreNetwork network(Linear({0, 0.5f, 0, 1}));
  Template made = Made({1});
  const float ages[] = {0.6f};
  ASSERT_TRUE(network.Run(ages, &made));
  EXPECT_FLOAT_EQ(made.figures.mean, 0.3f);
  EXPECT_EQ(network.Run({}, &made).error().code(), Code::kMalformed) << "one figure is missing";
}

TEST(ScoreNetworkTest, RefusesWhatGivesNoFigures) {
  ScoreNetwork one(Linear({1, 0}));
  Template made = Made({1, 0});
  EXPECT_EQ(one.Run({}, &made).error().code(), Code::kMalformed);
  ScoreNetwork infinite(Linear({1e38f, 1e38f, 1, 1}));
  made = Made({1e30f, 1e30f});
  EXPECT_EQ(infinite.Run({}, &made).error().code(), Code::kMalformed);
}

}  // namespace
}  // namespace candid::face
