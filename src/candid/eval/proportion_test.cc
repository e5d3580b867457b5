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

TEST(ProportionTest, FewErrorsWidenWhatResamplesSay) {
  const Interval narrow{0.009, 0.011}, none{std::nan(""), std::nan("")};
  EXPECT_EQ(Widened(narrow, 5, 500).low, 0.009);
  EXPECT_EQ(Widened(narrow, 4, 400).low, ClopperPearson(4, 400).low);
  EXPECT_EQ(Widened(narrow, 4, 400).high, ClopperPearson(4, 400).high);
  EXPECT_EQ(Widened({0, 0.2}, 4, 400).high, 0.2);
  EXPECT_EQ(Widened(none, 1, 400).high, ClopperPearson(1, 400).high);
  EXPECT_EQ(Widened(narrow, 0, 300).low, 0);
  EXPECT_EQ(Widened(narrow, 0, 300).high, RuleOfThree(300));
  // Missed pairs of more than the people they are counted by; and nothing tried.
  EXPECT_EQ(Widened(narrow, 4, 2).high, 1);
  EXPECT_TRUE(std::isnan(Widened(none, 0, 0).high));
}

TEST(ProportionTest, NormalDeviates) {
  EXPECT_NEAR(TwoSided(1.959964), 0.05, 1e-7);
  EXPECT_NEAR(NormalQuantile(0.975), 1.959964, 1e-6);
}

}  // namespace
}  // namespace candid::eval
