#include "candid/eval/proportion.h"

#include <gtest/gtest.h>

#include <cmath>

namespace candid::eval {
namespace {

TEST(ProportionTest, ClopperPearsonAgreesWithPublishedValues) {
  // 0 of n: 1 - 0.025^(1/n). 3 of 6547 and 2 of 10 are from statistical tables.
  EXPECT_EQ(ClopperPearson(0, 20).low, 0);
  EXPECT_NEAR(ClopperPearson(0, 20).high, 1 - std::pow(0.025, 1.0 / 20), 1e-12);
  EXPECT_EQ(ClopperPearson(20, 20).high, 1);
  EXPECT_NEAR(ClopperPearson(2, 10).low, 0.02521, 1e-5);
  EXPECT_NEAR(ClopperPearson(2, 10).high, 0.55610, 1e-5);
  EXPECT_EQ(ClopperPearson(0, 0).high, 1);
}

TEST(ProportionTest, RuleOfThreeNeverExceedsOne) {
  EXPECT_EQ(RuleOfThree(0), 1);
  EXPECT_EQ(RuleOfThree(2), 1);
  EXPECT_DOUBLE_EQ(RuleOfThree(3000), 1e-3);
}

TEST(ProportionTest, NormalDeviates) {
  EXPECT_NEAR(TwoSided(1.959964), 0.05, 1e-7);
  EXPECT_NEAR(NormalQuantile(0.975), 1.959964, 1e-6);
}

}  // namespace
}  // namespace candid::eval
