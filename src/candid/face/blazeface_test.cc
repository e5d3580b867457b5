#include "candid/face/blazeface.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace candid::face {
namespace {

TEST(ReadGrid, PlacesAnchorsAtCellCentres) {
  // 2 x 1 cells of 2 anchors; the last anchor fires.
  std::vector<float> logits(4, -10);
  std::vector<float> values(4 * 16, 0);
  logits[3] = 2;
  values[3 * 16 + 0] = 1;   // centre, right of the anchor
  values[3 * 16 + 2] = 10;  // width
  values[3 * 16 + 3] = 20;  // height
  values[3 * 16 + 4] = -3;  // first point, x
  std::vector<Detection> found;
  ReadGrid({2, 1, 16, 2, logits, values}, 0.5f, &found);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR(found[0].score, 1 / (1 + std::exp(-2.0)), 1e-6);
  EXPECT_FLOAT_EQ(found[0].box.left, 24 + 1 - 5);
  EXPECT_FLOAT_EQ(found[0].box.top, 8 - 10);
  EXPECT_FLOAT_EQ(found[0].eye_left.x, 21);
  EXPECT_FLOAT_EQ(found[0].eye_right.x, 24);
}

TEST(ReadGrid, IgnoresNonsense) {
  const std::vector<float> logits{std::numeric_limits<float>::quiet_NaN(), 5};
  std::vector<float> values(2 * 16, 0);
  values[16 + 2] = -4;  // a width below zero
  std::vector<Detection> found;
  ReadGrid({1, 1, 16, 2, logits, values}, 0.5f, &found);
  EXPECT_TRUE(found.empty());
}

TEST(Blend, AveragesWhatOverlapsAndKeepsTheRest) {
  Detection a, b, c;
  a.box = {0, 0, 10, 10}, a.score = 0.9f, a.nose = {5, 5};
  b.box = {1, 0, 10, 10}, b.score = 0.3f, b.nose = {9, 5};
  c.box = {50, 50, 10, 10}, c.score = 0.95f;
  const std::vector<Detection> blended = Blend({a, b, c}, 0.3f);
  ASSERT_EQ(blended.size(), 2u);
  EXPECT_FLOAT_EQ(blended[0].box.left, 50);
  EXPECT_FLOAT_EQ(blended[1].score, 0.9f);
  EXPECT_NEAR(blended[1].box.left, 0.25f, 1e-6);
  EXPECT_NEAR(blended[1].nose.x, 6.0f, 1e-5);
}

TEST(Overlap, IsIntersectionOverUnion) {
  EXPECT_FLOAT_EQ(Overlap({0, 0, 10, 10}, {5, 0, 10, 10}), 50.0f / 150.0f);
  EXPECT_FLOAT_EQ(Overlap({0, 0, 10, 10}, {20, 0, 10, 10}), 0);
  EXPECT_FLOAT_EQ(Overlap({0, 0, 10, 10}, {0, 0, 10, 10}), 1);
  EXPECT_FLOAT_EQ(OverlapOfSmaller({0, 0, 10, 10}, {5, 0, 10, 5}), 0.5f);
  EXPECT_FLOAT_EQ(OverlapOfSmaller({0, 0, 10, 10}, {2, 2, 4, 4}), 1);
  EXPECT_FLOAT_EQ(OverlapOfSmaller({0, 0, 10, 10}, {20, 0, 10, 10}), 0);
}

}  // namespace
}  // namespace candid::face
