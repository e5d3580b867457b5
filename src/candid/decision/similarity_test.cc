#include "candid/decision/similarity.h"

#include <gtest/gtest.h>

namespace candid::decision {
namespace {

TEST(Similarity, StandsForTheStatedRates) {
  EXPECT_DOUBLE_EQ(SimilarityOf(0.455), 80);
  EXPECT_DOUBLE_EQ(SimilarityOf(0.660), 99);
  EXPECT_DOUBLE_EQ(SimilarityOf(1.0), 100);
  EXPECT_DOUBLE_EQ(SimilarityOf(-1.0), 0);
  // A rounding above one must not leave the scale.
  EXPECT_DOUBLE_EQ(SimilarityOf(1.0000001), 100);
}

TEST(Similarity, RisesAndInverts) {
  double before = -1;
  for (double score = -1; score <= 1; score += 0.001) {
    const double similarity = SimilarityOf(score);
    EXPECT_GT(similarity, before);
    EXPECT_NEAR(ScoreOf(similarity), score, 1e-9);
    before = similarity;
  }
}

}  // namespace
}  // namespace candid::decision
