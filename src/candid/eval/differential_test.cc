#include "candid/eval/differential.h"

#include <gtest/gtest.h>

#include <cmath>

namespace candid::eval {
namespace {

TEST(DifferentialTest, AgreesWithFiguresByHand) {
  // Rates 0.01, 0.02, 0.04; a fourth group without trials takes no part.
  const Rate groups[] = {{1, 100}, {2, 100}, {4, 100}, {0, 0}};
  const Differentials d = Differ(groups);
  EXPECT_DOUBLE_EQ(d.max_over_min, 4);
  EXPECT_DOUBLE_EQ(d.max_minus_min, 0.03);
  EXPECT_NEAR(d.max_over_geomean, 2, 1e-12);
  EXPECT_NEAR(d.max_over_mean, 12.0 / 7, 1e-12);
  EXPECT_NEAR(d.log_spread, 2, 1e-12);
  // Sum of |differences| over ordered pairs: 2 (0.01 + 0.03 + 0.02) = 0.12; 3/2 * 0.12 / (18 *
  // 7/300).
  EXPECT_NEAR(d.gini, 1.5 * 0.12 / (18 * 0.07 / 3), 1e-12);
  EXPECT_FALSE(d.zero);
}

TEST(DifferentialTest, AGroupWithoutErrorsIsShrunkInRatiosOnly) {
  const Rate groups[] = {{0, 99}, {10, 100}};
  const Differentials d = Differ(groups);
  EXPECT_TRUE(d.zero);
  EXPECT_NEAR(d.max_over_min, 0.1 / 0.005, 1e-12);
  EXPECT_DOUBLE_EQ(d.max_minus_min, 0.1);
  EXPECT_NEAR(d.gini, 1, 1e-12);  // all errors in one group
}

TEST(DifferentialTest, EqualGroupsAreFair) {
  const Rate groups[] = {{3, 100}, {6, 200}};
  const Differentials d = Differ(groups);
  const Fairness fair = Judge(d, d);
  EXPECT_DOUBLE_EQ(fair.fdr, 1);
  EXPECT_DOUBLE_EQ(fair.ineq, 1);
  EXPECT_DOUBLE_EQ(fair.garbe, 0);
}

TEST(DifferentialTest, FairnessWeighsBothRates) {
  const Rate fmr[] = {{1, 1000}, {4, 1000}};
  const Rate fnmr[] = {{10, 100}, {30, 100}};
  const Fairness fair = Judge(Differ(fmr), Differ(fnmr));
  EXPECT_NEAR(fair.fdr, 1 - (0.5 * 0.003 + 0.5 * 0.2), 1e-12);
  EXPECT_NEAR(fair.ineq, std::sqrt(4.0 * 3.0), 1e-12);
  EXPECT_NEAR(fair.garbe, 0.5 * 0.6 + 0.5 * 0.5, 1e-12);
}

TEST(DifferentialTest, OneGroupHasNothingToDifferFrom) {
  const Rate one[] = {{1, 10}};
  EXPECT_TRUE(std::isnan(Differ(one).max_over_min));
}

TEST(DifferentialTest, TestsAreCorrectedByHolm) {
  // The first is the reference; the second far from it, the third near, the last without an error.
  const Rate groups[] = {{100, 1000}, {400, 1000}, {105, 1000}, {0, 5}};
  std::vector<std::vector<Rate>> replicates;
  for (int r = 0; r < 100; ++r) {
    const double noise = r % 2 == 0 ? 10 : -10;
    replicates.push_back({{100, 1000}, {400 + noise, 1000}, {105 + noise, 1000}, {0, 5}});
  }
  const auto tests = CompareGroups(groups, 0, replicates);
  EXPECT_EQ(tests[0].ratio, 1);
  EXPECT_NEAR(tests[1].ratio, 400.5 / 100.5, 1e-12);
  EXPECT_LT(tests[1].p_holm, 1e-6);
  EXPECT_GT(tests[2].p_holm, 0.3);
  // Two tests: the larger p-value is not doubled, the smaller is.
  EXPECT_GE(tests[2].p_holm, tests[1].p_holm);
  EXPECT_GT(tests[2].detectable_ratio, tests[2].ratio);
  EXPECT_LT(tests[1].detectable_ratio, tests[1].ratio);
  EXPECT_TRUE(std::isnan(tests[3].ratio));
}

}  // namespace
}  // namespace candid::eval
