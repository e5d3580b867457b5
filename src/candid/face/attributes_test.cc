#include "candid/face/attributes.h"

#include <gtest/gtest.h>

#include <limits>

#include "candid/face/attribute_network.h"
#include "candid/models/onnx_writer.h"

namespace candid::face {
namespace {

TEST(AgeRangeTest, HoldsTheEstimateOfAnAdultAndNeverFalls) {
  AgeRange before = AgeRangeOf(0);
  EXPECT_EQ(before.low, 0);
  for (float age = 0; age < 100; age += 0.5F) {
    const AgeRange range = AgeRangeOf(age);
    EXPECT_LT(range.low, range.high) << age;
    EXPECT_GE(range.low, before.low) << age;
    EXPECT_GE(range.high, before.high) << age;
    if (age >= 18 && age <= 80) {
      EXPECT_LE(static_cast<float>(range.low), age);
      EXPECT_GE(static_cast<float>(range.high), age);
    }
    before = range;
  }
}

TEST(AgeRangeTest, EndsWhereTheTableEnds) {
  EXPECT_EQ(AgeRangeOf(116).high, AgeRangeOf(75).high);
  EXPECT_EQ(AgeRangeOf(-5).low, AgeRangeOf(0).low);
}

// The sigmoid of each of `inputs` figures.
std::shared_ptr<const infer::Model> Sigmoid(std::int64_t inputs) {
  models::OnnxWriter writer("sigmoid");
  writer.AddInput("in", {1, inputs});
  writer.AddNode("Sigmoid", {"in"}, "out");
  writer.AddOutput("out", {1, inputs});
  auto model = infer::Model::Load(writer.Serialise(), "sigmoid");
  EXPECT_TRUE(model) << model.error().message();
  return *model;
}

TEST(AttributeNetworkTest, StatesTheLikelierValueWithItsProbability) {
  AttributeNetwork network(Sigmoid(kTraitCount));
  Attributes attributes;
  ASSERT_TRUE(network.Describe({2, -1}, {0}, AttributeSet::All(), &attributes));
  ASSERT_TRUE(attributes.traits[kSmile] && attributes.traits[kEyeglasses]);
  EXPECT_TRUE(attributes.traits[kSmile]->value);
  EXPECT_NEAR(attributes.traits[kSmile]->probability, 0.8808F, 1e-3);
  EXPECT_FALSE(attributes.traits[kEyeglasses]->value);
  EXPECT_NEAR(attributes.traits[kEyeglasses]->probability, 0.7311F, 1e-3);
  ASSERT_TRUE(attributes.happy);
  EXPECT_EQ(*attributes.happy, attributes.traits[kSmile]->probability);
}

TEST(AttributeNetworkTest, SaysOnlyWhatIsAsked) {
  AttributeNetwork network(Sigmoid(kTraitCount));
  Attributes attributes;
  AttributeSet wanted;
  wanted.traits.set(kMouthOpen);
  ASSERT_TRUE(network.Describe({1, 1}, {1}, wanted, &attributes));
  EXPECT_FALSE(attributes.traits[kSmile]);
  EXPECT_TRUE(attributes.traits[kMouthOpen]);
  EXPECT_FALSE(attributes.happy);
}

TEST(AttributeNetworkTest, RefusesANetworkOfAnotherShape) {
  AttributeNetwork network(Sigmoid(kTraitCount + 1));
  Attributes attributes;
  const std::vector<float> figures(kTraitCount);
  const auto few = network.Describe(figures, {}, AttributeSet::All(), &attributes);
  EXPECT_EQ(few.error().code(), Code::kMalformed) << "one figure is missing";
  const auto many = network.Describe(figures, {1}, AttributeSet::All(), &attributes);
  EXPECT_EQ(many.error().code(), Code::kMalformed) << "one probability too many";
}

TEST(AttributeNetworkTest, RefusesWhatIsNoProbability) {
  AttributeNetwork network(Sigmoid(kTraitCount));
  Attributes attributes;
  const float nothing = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(network.Describe({nothing, 0}, {0}, AttributeSet::All(), &attributes));
}

}  // namespace
}  // namespace candid::face
