#include "candid/decision/pareto_tail.h"

#include <gtest/gtest.h>

#include <cmath>

namespace candid::decision {
namespace {

TEST(ParetoTailTest, SaysWhatTheFormulaSays) {
  // 1e-3 (1 - 0.5 * 0.1 / 0.1)^2 and 1e-3 (1 + 0.5 * 0.2 / 0.1)^-2.
  EXPECT_NEAR((ParetoTail{0.4, -0.5, 0.1, 1e-3}.Exceedance(0.5)), 0.25e-3, 1e-15);
  EXPECT_NEAR((ParetoTail{0.4, 0.5, 0.1, 1e-3}.Exceedance(0.6)), 0.25e-3, 1e-15);
  EXPECT_NEAR((ParetoTail{0.4, 0, 0.1, 1e-3}.Exceedance(0.6)), 1e-3 * std::exp(-2), 1e-15);
}

TEST(ParetoTailTest, ScoreAtIsTheInverse) {
  for (const double shape : {-0.4, -1e-12, 0.0, 1e-7, 0.3}) {
    const ParetoTail tail{0.4, shape, 0.05, 2e-3};
    for (const double rate : {2e-3, 1e-4, 1e-6, 1e-9}) {
      EXPECT_NEAR(tail.Exceedance(tail.ScoreAt(rate)) / rate, 1, 1e-6) << shape << " " << rate;
    }
  }
}

TEST(ParetoTailTest, HoldsNothingBeyondItsEndsAndSaysNoMoreThanItsShare) {
  const ParetoTail tail{0.4, -0.25, 0.05, 1e-3};
  EXPECT_EQ(tail.Exceedance(0.601), 0);  // the end: 0.4 + 0.05 / 0.25
  EXPECT_EQ(tail.Exceedance(0.9), 0);
  EXPECT_GT(tail.Exceedance(0.59), 0);
  EXPECT_EQ(tail.Exceedance(0.1), 1e-3);
  EXPECT_EQ(tail.ScoreAt(1e-2), 0.4);
}

}  // namespace
}  // namespace candid::decision
