#include "candid/infer/session.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "candid/infer/testing_allocations.h"
#include "candid/infer/testing_networks.h"

namespace candid::infer {
namespace {

using testing::ModelBuilder;

std::shared_ptr<const Model> Load(const Bytes& onnx) {
  auto model = Model::Load(onnx, "test");
  EXPECT_TRUE(model.has_value()) << model.error().message();
  return *model;
}

std::unique_ptr<Session> Create(std::shared_ptr<const Model> model,
                                const SessionOptions& options = {}) {
  auto session = Session::Create(std::move(model), options);
  EXPECT_TRUE(session.has_value()) << session.error().message();
  return *std::move(session);
}

std::vector<float> RunOn(Session& session, const std::vector<float>& input) {
  std::ranges::copy(input, session.input().begin());
  session.Run();
  const auto output = session.output();
  return {output.begin(), output.end()};
}

TEST(SessionTest, RunAllocatesNothingOfOurs) {
  // No convolution but depthwise ones: every pass of this network is our own.
  ModelBuilder b;
  b.Input("in", {1, 8, 16, 16});
  b.Conv("in", "d", 8, 8, 3, 1, 8);
  b.PRelu("d", "p", 8);
  b.Node("Add", {"p", "in"}, "s");
  ModelBuilder::Set(b.Node("Pad", {"s"}, "w"), "pads", {0, 0, 0, 0, 0, 8, 0, 0});
  ModelBuilder::Set(b.Node("MaxPool", {"w"}, "m"), "kernel_shape", {2, 2});
  ModelBuilder::Set(b.Node("Transpose", {"m"}, "t"), "perm", {0, 3, 1, 2});
  b.Node("Sigmoid", {"t"}, "out");
  b.Output("out");
  const auto session = Create(Load(b.Build()));
  session->Run();
  const testing::CountAllocations count;
  session->Run();
  EXPECT_EQ(count.so_far(), 0);
}

TEST(SessionTest, ReusesItsArena) {
  ModelBuilder b;
  b.Input("in", {1, 16, 64, 64});
  std::string x = "in";
  for (int i = 0; i < 20; ++i) {
    const std::string y = fmt::format("c{}", i);
    b.Conv(x, y, 16, 16, 3);
    x = y;
  }
  b.Output(x);
  SessionOptions options;
  options.precision = Precision::kF32;
  const auto session = Create(Load(b.Build()), options);
  const std::size_t one = 16 * 64 * 64 * sizeof(float);
  EXPECT_LT(session->arena_bytes(), 6 * one);
}

TEST(SessionTest, SharesAnArenaInTurn) {
  const auto model = Load(testing::MobileFaceNet(64));
  const auto input = ModelBuilder(10, 5).RandomValues(3 * 112 * 112, 0, 1);
  const auto expected = RunOn(*Create(model), input);
  SessionOptions options;
  options.arena = std::make_shared<Arena>();
  const auto first = Create(model, options);
  EXPECT_EQ(RunOn(*first, input), expected);
  // A larger one moves the arena from under the first, and leaves its figures in it.
  ModelBuilder b;
  b.Input("in", {1, 3, 600, 600});
  b.Conv("in", "out", 3, 16, 3);
  b.Output("out");
  const auto second = Create(Load(b.Build()), options);
  EXPECT_GE(options.arena->bytes(), second->arena_bytes());
  EXPECT_GT(second->arena_bytes(), first->arena_bytes());
  RunOn(*second, ModelBuilder(10, 6).RandomValues(3 * 600 * 600, 0, 1));
  EXPECT_EQ(RunOn(*first, input), expected);
}

TEST(SessionTest, RunsAtOtherSizes) {
  ModelBuilder b;
  b.Input("in", {1, 3, 32, 32});
  b.Conv("in", "x", 3, 16, 3, 2);
  ModelBuilder::Set(b.Node("Transpose", {"x"}, "t"), "perm", {0, 2, 3, 1});
  b.Node("Reshape", {"t", b.Integers("shape", {1, -1, 4})}, "out");
  b.Output("out");
  const auto model = Load(b.Build());
  EXPECT_EQ(Create(model)->output_shape(), (Shape{1, 16 * 16 * 4, 4}));
  SessionOptions options;
  options.input_shapes["in"] = {1, 3, 64, 48};
  EXPECT_EQ(Create(model, options)->output_shape(), (Shape{1, 32 * 24 * 4, 4}));
  options.input_shapes = {{"other", {1, 3, 64, 48}}};
  EXPECT_FALSE(Session::Create(model, options).has_value());
  options.input_shapes = {{"in", {3, 64, 48}}};
  EXPECT_FALSE(Session::Create(model, options).has_value());
}

TEST(SessionTest, SessionsOfOneModelAgreeOnManyThreads) {
  const auto model = Load(testing::MobileFaceNet(64));
  const auto input = ModelBuilder(10, 5).RandomValues(3 * 112 * 112, 0, 1);
  const auto expected = RunOn(*Create(model), input);
  std::vector<std::vector<float>> found(4);
  std::vector<std::thread> threads;
  for (auto& result : found) {
    threads.emplace_back([&] { result = RunOn(*Create(model), input); });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& result : found) EXPECT_EQ(result, expected);
}

TEST(SessionTest, RefusesSizesBeyondTheArena) {
  ModelBuilder b;
  b.Input("in", {1, 3, -1, -1});
  b.Conv("in", "x", 3, 64, 1);
  b.Output("x");
  SessionOptions options;
  options.input_shapes["in"] = {1, 3, 12000, 12000};
  const auto session = Session::Create(Load(b.Build()), options);
  ASSERT_FALSE(session.has_value());
  EXPECT_EQ(session.error().code(), Code::kTooLarge);
}

TEST(SessionTest, PrecisionsHaveNames) {
  EXPECT_EQ(*ParsePrecision("f32"), Precision::kF32);
  EXPECT_EQ(*ParsePrecision("bf16"), Precision::kBf16);
  EXPECT_EQ(*ParsePrecision("auto"), BestPrecision());
  EXPECT_FALSE(ParsePrecision("int4").has_value());
  EXPECT_EQ(NameOf(Precision::kBf16), "bf16");
}

}  // namespace
}  // namespace candid::infer
