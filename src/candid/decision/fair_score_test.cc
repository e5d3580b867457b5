#include "candid/decision/fair_score.h"

#include <gtest/gtest.h>

namespace candid::decision {
namespace {

TEST(FairScoreTest, NeutralFiguresLeaveTheCosine) {
  for (const float cosine : {-1.0f, 0.0f, 0.457f, 1.0f}) {
    EXPECT_EQ(FairScore(cosine, {}, {}), cosine);
  }
}

TEST(FairScoreTest, AveragesTheDistancesFromEitherSidesStrangers) {
  // (0.6 - 0.2) / 0.5 = 0.8 and (0.6 - 0.1) / 2 = 0.25.
  EXPECT_FLOAT_EQ(FairScore(0.6f, {0.2f, 0.5f}, {0.1f, 2}), 0.525f);
}

TEST(FairScoreTest, IsSymmetricToTheBit) {
  const Figures a{0.123f, 0.77f}, b{-0.31f, 1.9f};
  for (float cosine = -1; cosine < 1; cosine += 0.013f) {
    EXPECT_EQ(FairScore(cosine, a, b), FairScore(cosine, b, a));
  }
}

TEST(FairScoreTest, WhoHasManyNearStrangersNeedsAHigherCosine) {
  EXPECT_LT(FairScore(0.5f, {0.2f, 1}, {}), FairScore(0.5f, {}, {}));
}

}  // namespace
}  // namespace candid::decision
