#include "candid/face/expression.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace candid::face {
namespace {

constexpr std::size_t kMeshPoints = 468;

// Points anywhere in a square of 100 pixels, but for the five landmarks, which are those of a face.
std::vector<MeshPoint> SomeMesh() {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> anywhere(0, 100);
  std::vector<MeshPoint> mesh(kMeshPoints);
  for (MeshPoint& point : mesh) point = {anywhere(random), anywhere(random), 0};
  mesh[33] = {20, 40, 0}, mesh[133] = {40, 40, 0};
  mesh[362] = {60, 40, 0}, mesh[263] = {80, 40, 0};
  mesh[1] = {50, 60, 0};
  mesh[61] = {35, 80, 0}, mesh[291] = {65, 80, 0};
  mesh[13] = {50, 78, 0}, mesh[14] = {50, 82, 0};
  return mesh;
}

TEST(ExpressionTest, ForgetsPlaceSizeAndRoll) {
  const std::vector<MeshPoint> mesh = SomeMesh();
  std::vector<MeshPoint> moved = mesh;
  const float angle = 0.4F, scale = 3;
  for (MeshPoint& point : moved) {
    point = {scale * (std::cos(angle) * point.x - std::sin(angle) * point.y) + 700,
             scale * (std::sin(angle) * point.x + std::cos(angle) * point.y) - 50, 0};
  }
  const auto before = ExpressionOf(mesh), after = ExpressionOf(moved);
  ASSERT_EQ(before.size(), kExpressionSize);
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(before[i], after[i], 1e-3) << i;
}

TEST(ExpressionTest, AnOpenMouthIsTheFirstFigure) {
  std::vector<MeshPoint> mesh = SomeMesh();
  const float closed = ExpressionOf(mesh)[0];
  mesh[14].y += 10;
  EXPECT_GT(ExpressionOf(mesh)[0], closed + 0.5F);
}

TEST(ExpressionTest, PointsThatCoincideGiveNumbers) {
  for (const float figure : ExpressionOf(std::vector<MeshPoint>(kMeshPoints))) {
    EXPECT_TRUE(std::isfinite(figure));
  }
}

}  // namespace
}  // namespace candid::face
