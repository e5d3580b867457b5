#include "candid/face/align.h"

#include <gtest/gtest.h>

#include <cmath>

#include "candid/face/landmarks.h"
#include "candid/models/pack.h"

namespace candid::face {
namespace {

TEST(FitSimilarity, FindsTheMapThatMadeThePoints) {
  const double angle = 0.7, scale = 1.8;
  const image::Affine truth{scale * std::cos(angle), -scale * std::sin(angle), 12,
                            scale * std::sin(angle), scale * std::cos(angle),  -5};
  const std::array<Point, 4> from{{{0, 0}, {10, 1}, {3, 8}, {-4, 5}}};
  std::array<Point, 4> to;
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = Apply(truth, from[i]);
  const image::Affine found = FitSimilarity(from, to);
  EXPECT_NEAR(found.a, truth.a, 1e-6);
  EXPECT_NEAR(found.b, truth.b, 1e-6);
  EXPECT_NEAR(found.c, truth.c, 1e-5);
  EXPECT_NEAR(found.d, truth.d, 1e-6);
  EXPECT_NEAR(found.e, truth.e, 1e-6);
  EXPECT_NEAR(found.f, truth.f, 1e-5);
}

TEST(FitSimilarity, NeverReflects) {
  const std::array<Point, 3> from{{{0, 0}, {10, 0}, {0, 10}}};
  const std::array<Point, 3> mirrored{{{0, 0}, {-10, 0}, {0, 10}}};
  const image::Affine found = FitSimilarity(from, mirrored);
  EXPECT_GE(found.a * found.e - found.b * found.d, 0);
}

TEST(FitSimilarity, SurvivesPointsThatCoincide) {
  const std::array<Point, 2> from{{{3, 3}, {3, 3}}};
  const std::array<Point, 2> to{{{1, 2}, {3, 4}}};
  const image::Affine found = FitSimilarity(from, to);
  EXPECT_NEAR(Apply(found, {3, 3}).x, 2, 1e-6);
  EXPECT_NEAR(Apply(found, {3, 3}).y, 3, 1e-6);
}

TEST(ChipToPicture, PutsTheEyesWhereTheTemplateHasThem) {
  // A face twice the chip's size, upright, shifted.
  const std::array<Point, kLandmarkCount> face{{{37.7946f * 2 + 30, 51.1963f * 2 + 40},
                                                {73.0318f * 2 + 30, 51.0014f * 2 + 40},
                                                {55.5252f * 2 + 30, 71.2366f * 2 + 40},
                                                {41.0493f * 2 + 30, 91.8655f * 2 + 40},
                                                {70.2299f * 2 + 30, 91.7041f * 2 + 40}}};
  const image::Affine map = ChipToPicture(face);
  EXPECT_NEAR(map.a, 2, 1e-5);
  EXPECT_NEAR(map.b, 0, 1e-5);
  EXPECT_NEAR(map.c, 30, 1e-3);
  EXPECT_NEAR(map.f, 40, 1e-3);
}

// The way from mesh to chip, as figures. Where this fails templates have changed: count
// models::kTemplateRevision up and put the new figures here.
TEST(ChipToPicture, IsThatOfTheTemplateRevision) {
  std::vector<MeshPoint> mesh(468);
  // Points without any symmetry, so that another point taken shows.
  for (std::size_t i = 0; i < mesh.size(); ++i) {
    mesh[i] = {static_cast<float>(i % 37 * 5), static_cast<float>(i * 7 % 101 * 3), 0};
  }
  const image::Affine map = ChipToPicture(LandmarksOf(mesh));
  ASSERT_EQ(models::kTemplateRevision, 2);
  EXPECT_NEAR(map.a, -1.7966086, 1e-5);
  EXPECT_NEAR(map.b, 7.8543262, 1e-5);
  EXPECT_NEAR(map.c, -360.046246, 1e-3);
  EXPECT_NEAR(map.f, 617.499831, 1e-3);
}

}  // namespace
}  // namespace candid::face
