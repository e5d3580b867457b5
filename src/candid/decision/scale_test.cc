#include "candid/decision/scale.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "candid/decision/testing_tables.h"

namespace candid::decision {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Calibration OneGroup() {
  Calibration table = TwoGroups();
  table.groups.pop_back();
  return table;
}

TEST(Scale, IsFixedByRates) {
  EXPECT_DOUBLE_EQ(SimilarityAt(1), 0);
  EXPECT_NEAR(SimilarityAt(0.1), 80.0 / 3, 1e-12);
  EXPECT_NEAR(SimilarityAt(1e-3), 80, 1e-12);
  EXPECT_NEAR(SimilarityAt(1e-4), 80 + 19.0 / 3, 1e-12);
  EXPECT_NEAR(SimilarityAt(1e-6), 99, 1e-12);
}

// FMR of "all": 1e-2 at 0.35, and a decade for each 0.1.
TEST(Scale, AgreesWithHandComputedScores) {
  const Scale scale(OneGroup());
  EXPECT_TRUE(scale.calibrated());
  EXPECT_NEAR(scale.SimilarityOf(0.45), 80, 1e-9);
  EXPECT_NEAR(scale.SimilarityOf(0.75), 99, 1e-9);
  EXPECT_NEAR(scale.SimilarityOf(0.60), 80 + 19.0 / 2, 1e-9);
  EXPECT_NEAR(scale.SimilarityOf(0.40), 80.0 * 2.5 / 3, 1e-9);
  // Above: 100 - exp(-slope (s - 0.75)) with a slope of 19 / 0.3 a unit.
  EXPECT_NEAR(scale.SimilarityOf(0.80), 100 - std::exp(-19.0 / 6), 1e-9);
  // Below: 80 * 2/3 at 0.35, falling with the first stretch's slope, 80 / 3 / 0.1.
  const double first = 160.0 / 3;
  EXPECT_NEAR(scale.SimilarityOf(0.25), first * std::exp(-0.1 * (800.0 / 3) / first), 1e-9);
  EXPECT_DOUBLE_EQ(scale.SimilarityOf(1.5), 100);
  EXPECT_GT(scale.SimilarityOf(-1), 0);
}

TEST(Scale, TakesTheWorstGroupAtEachRate) {
  const Scale scale(TwoGroups());
  // "worse" at 1e-3, "all" at 1e-6.
  EXPECT_NEAR(scale.ScoreFor(1e-3), 0.52, 1e-9);
  EXPECT_NEAR(scale.SimilarityOf(0.52), 80, 1e-9);
  EXPECT_NEAR(scale.ScoreFor(1e-6), 0.75, 1e-9);
  EXPECT_NEAR(scale.SimilarityOf(0.75), 99, 1e-9);
  EXPECT_EQ(scale.RateOf(0.52).group, "worse");
  EXPECT_EQ(scale.RateOf(0.75).group, "all");
  // "worse" is measured to 1e-3, "all" to 1e-5.
  EXPECT_EQ(scale.RateOf(0.50).basis, Basis::kMeasured);
  EXPECT_EQ(scale.RateOf(0.55).basis, Basis::kExtrapolated);
  EXPECT_EQ(scale.RateOf(0.64).basis, Basis::kMeasured);
  EXPECT_EQ(scale.RateOf(0.72).basis, Basis::kExtrapolated);
  EXPECT_EQ(scale.RateOf(0.2).basis, Basis::kBound);
  EXPECT_EQ(scale.RateOf(1.2).basis, Basis::kBound);
  EXPECT_DOUBLE_EQ(scale.RateOf(1.2).fmr, 1e-9);
  // The worst stands at or above every group everywhere.
  for (double score = 0.46; score < 1.05; score += 0.001) {
    for (const GroupCalibration& group : scale.table().groups) {
      EXPECT_GE(scale.RateOf(score).fmr * 1.001, RateOf(group, score).fmr) << score;
    }
  }
}

TEST(Scale, StatesARangeOfRates) {
  const Scale scale(OneGroup());
  // Points lie between 0.01 below and 0.02 above: a tenth and a fifth of a decade.
  const StatedRate rate = scale.RateOf(0.55);
  EXPECT_NEAR(rate.fmr, 1e-4, 1e-10);
  EXPECT_NEAR(rate.range.low, std::pow(10, -4.1), 1e-10);
  EXPECT_NEAR(rate.range.high, std::pow(10, -3.8), 1e-10);
  EXPECT_NEAR(RateOf(scale.table().groups[0], 0.5).fmr, std::pow(10, -3.5), 1e-10);
}

class AnyScale : public testing::TestWithParam<int> {
 protected:
  Scale scale() const {
    if (GetParam() == 0) return Scale();
    return Scale(GetParam() == 1 ? OneGroup() : TwoGroups());
  }
};

TEST_P(AnyScale, RisesAndInverts) {
  const Scale s = scale();
  double before = -1;
  for (double score = -2; score <= 2; score += 0.001) {
    const double similarity = s.SimilarityOf(score);
    ASSERT_GE(similarity, 0);
    ASSERT_LE(similarity, 100);
    if (similarity < 99.9999) {
      ASSERT_GT(similarity, before) << score;
      ASSERT_NEAR(s.ScoreOf(similarity), score, 1e-6) << score;
    } else {
      ASSERT_GE(similarity, before) << score;
    }
    before = similarity;
  }
  double least = -kInfinity;
  for (double similarity = 0.01; similarity <= 100; similarity += 0.01) {
    const double score = s.ScoreOf(similarity);
    ASSERT_GT(score, least);
    ASSERT_NEAR(s.SimilarityOf(score), similarity, 1e-6);
    least = score;
  }
  EXPECT_EQ(s.ScoreOf(0), -kInfinity);
  EXPECT_DOUBLE_EQ(s.SimilarityOf(s.ScoreOf(100)), 100);
  EXPECT_DOUBLE_EQ(s.SimilarityOf(kInfinity), 100);
  EXPECT_DOUBLE_EQ(s.SimilarityOf(-kInfinity), 0);
}

INSTANTIATE_TEST_SUITE_P(All, AnyScale, testing::Values(0, 1, 2));

TEST(Scale, RatesFallAndInvert) {
  for (const Scale& scale : {Scale(OneGroup()), Scale(TwoGroups())}) {
    double before = 1;
    for (double score = -1; score <= 2; score += 0.001) {
      const StatedRate rate = scale.RateOf(score);
      ASSERT_LE(rate.fmr, before);
      ASSERT_LE(rate.range.low, rate.fmr * (1 + 1e-9));
      ASSERT_GE(rate.range.high, rate.fmr * (1 - 1e-9));
      before = rate.fmr;
    }
    for (double fmr = 1e-2; fmr >= 1e-9; fmr /= 1.1) {
      ASSERT_NEAR(scale.RateOf(scale.ScoreFor(fmr)).fmr / fmr, 1, 1e-6);
    }
    EXPECT_EQ(scale.ScoreFor(1e-10), kInfinity);
    EXPECT_DOUBLE_EQ(scale.ScoreFor(0.5), scale.worst().front().score);
  }
}

TEST(Scale, AGroupThatStartsLateNeverTurnsTheCurveBack) {
  Calibration table = TwoGroups();
  // Known from 1e-3 on only, and better there than the others: nothing changes.
  GroupCalibration late = StraightGroup("late", 0.2, 0.05);
  late.points.erase(late.points.begin());
  table.groups.push_back(late);
  const Scale with(table), without(TwoGroups());
  for (double score = 0; score < 1.2; score += 0.01) {
    EXPECT_DOUBLE_EQ(with.SimilarityOf(score), without.SimilarityOf(score));
  }
}

TEST(Scale, WithoutATableItIsTheProvisionalOne) {
  const Scale scale;
  EXPECT_FALSE(scale.calibrated());
  EXPECT_NEAR(scale.SimilarityOf(0.455), 80, 1e-9);
  EXPECT_NEAR(scale.SimilarityOf(0.660), 99, 1e-9);
  EXPECT_DOUBLE_EQ(scale.SimilarityOf(1.0), 100);
}

}  // namespace
}  // namespace candid::decision
