#include "candid/infer/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "candid/infer/session.h"
#include "candid/infer/testing_networks.h"

namespace candid::infer {
namespace {

using ::testing::HasSubstr;
using testing::ModelBuilder;

ModelBuilder SmallNet(int opset = 10) {
  ModelBuilder b(opset);
  b.Input("in", {1, 3, 8, 8});
  b.Conv("in", "x", 3, 4, 3);
  return b;
}

TEST(ModelTest, TellsInputsAndOutputs) {
  auto b = SmallNet();
  b.Output("x");
  const auto model = Model::Load(b.Build(), "small");
  ASSERT_TRUE(model.has_value()) << model.error().message();
  ASSERT_EQ((*model)->inputs().size(), 1U);
  EXPECT_EQ((*model)->inputs()[0].name, "in");
  EXPECT_EQ((*model)->inputs()[0].shape, (Shape{1, 3, 8, 8}));
  EXPECT_EQ((*model)->outputs()[0].name, "x");
}

TEST(ModelTest, NamesTheUnsupportedOperatorAndItsNode) {
  auto b = SmallNet();
  b.Node("LSTM", {"x"}, "memory");
  b.Output("memory");
  const auto model = Model::Load(b.Build(), "small");
  ASSERT_FALSE(model.has_value());
  EXPECT_EQ(model.error().code(), Code::kUnsupported);
  EXPECT_THAT(model.error().message(), HasSubstr("LSTM 'memory'"));
}

TEST(ModelTest, RefusesOtherOpsets) {
  for (const int opset : {6, 18}) {
    auto b = SmallNet(opset);
    b.Output("x");
    const auto model = Model::Load(b.Build(), "small");
    ASSERT_FALSE(model.has_value());
    EXPECT_EQ(model.error().code(), Code::kUnsupported);
  }
}

TEST(ModelTest, RefusesDataOutsideTheFile) {
  auto b = SmallNet();
  b.Output("x");
  b.proto().mutable_graph()->mutable_initializer(0)->set_data_location(onnx::TensorProto::EXTERNAL);
  const auto model = Model::Load(b.Build(), "small");
  ASSERT_FALSE(model.has_value());
  EXPECT_EQ(model.error().code(), Code::kUnsupported);
}

TEST(ModelTest, RefusesEveryTruncation) {
  auto b = SmallNet();
  b.Output("x");
  const Bytes whole = b.Build();
  for (std::size_t size = 0; size + 1 < whole.size(); size += 7) {
    const auto model = Model::Load(ByteSpan(whole).first(size), "cut");
    ASSERT_FALSE(model.has_value()) << size;
  }
}

TEST(ModelTest, RefusesTensorsThatContradictThemselves) {
  auto b = SmallNet();
  b.Output("x");
  b.proto().mutable_graph()->mutable_initializer(0)->set_dims(0, 5);
  const auto model = Model::Load(b.Build(), "small");
  ASSERT_FALSE(model.has_value());
  EXPECT_EQ(model.error().code(), Code::kMalformed);
}

TEST(ModelTest, RefusesHugeTensorsAndCycles) {
  auto huge = SmallNet();
  huge.Output("x");
  auto* tensor = huge.proto().mutable_graph()->mutable_initializer(0);
  tensor->set_dims(0, std::int64_t{1} << 40);
  const auto too_large = Model::Load(huge.Build(), "huge");
  ASSERT_FALSE(too_large.has_value());
  EXPECT_EQ(too_large.error().code(), Code::kTooLarge);

  auto cycle = SmallNet();
  cycle.Node("Add", {"x", "z"}, "y");
  cycle.Node("Relu", {"y"}, "z");
  cycle.Output("z");
  const auto malformed = Model::Load(cycle.Build(), "cycle");
  ASSERT_FALSE(malformed.has_value());
  EXPECT_EQ(malformed.error().code(), Code::kMalformed);
}

TEST(ModelTest, TakesActivationsOfConstants) {
  auto b = SmallNet();
  b.Node("Relu", {b.Random("k", {1, 4, 8, 8}, 0, 1)}, "r");
  b.Node("Add", {"x", "r"}, "y");
  b.Output("y");
  const auto model = Model::Load(b.Build(), "constant");
  ASSERT_TRUE(model.has_value()) << model.error().message();
  EXPECT_TRUE(Session::Create(*model).has_value());
}

TEST(ModelTest, FoldsShapesIntoConstants) {
  // Reshape to {Shape(x)[0], -1}, as PyTorch exports a flatten.
  ModelBuilder b(13);
  b.Input("in", {-1, 3, 8, 8});
  b.Conv("in", "x", 3, 4, 3);
  b.Node("Shape", {"x"}, "shape");
  b.Node("Gather", {"shape", b.Integers("zero", {0})}, "batch");
  ModelBuilder::Set(b.Node("Concat", {"batch", b.Integers("rest", {-1})}, "target"), "axis", 0);
  b.Node("Reshape", {"x", "target"}, "flat");
  b.Output("flat");
  const auto model = Model::Load(b.Build(), "torch");
  ASSERT_TRUE(model.has_value()) << model.error().message();
  EXPECT_FALSE(Session::Create(*model).has_value()) << "the batch is free";
  SessionOptions options;
  options.input_shapes["in"] = {2, 3, 8, 8};
  const auto session = Session::Create(*model, options);
  ASSERT_TRUE(session.has_value()) << session.error().message();
  EXPECT_EQ((*session)->output_shape(), (Shape{2, 4 * 64}));
}

}  // namespace
}  // namespace candid::infer
