#include "candid/eval/extrapolation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "candid/eval/proportion.h"
#include "candid/eval/verification.h"

namespace candid::eval {
namespace {

struct Drawn {
  PairScores scores;
  std::vector<std::uint32_t> subjects;
};

// `people` with two images each; scores of strangers are Gaussian with an effect of each person.
Drawn Draw(std::uint32_t people, unsigned seed, double effect_deviation) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Drawn drawn;
  std::vector<double> effect(people);
  for (double& e : effect) e = effect_deviation * normal(random);
  for (std::uint32_t i = 0; i < 2 * people; ++i) drawn.subjects.push_back(i / 2);
  for (std::uint32_t a = 0; a < 2 * people; ++a) {
    for (std::uint32_t b = a + 1; b < 2 * people; ++b) {
      const bool mated = a / 2 == b / 2;
      const double score = mated ? 0.6 + 0.1 * normal(random)
                                 : effect[a / 2] + effect[b / 2] + 0.08 * normal(random);
      (mated ? drawn.scores.mated : drawn.scores.tail).push_back({static_cast<float>(score), a, b});
      ++(mated ? drawn.scores.mated_pairs : drawn.scores.impostor_pairs);
    }
  }
  const auto best = [](const ScoredPair& x, const ScoredPair& y) { return x.score > y.score; };
  std::sort(drawn.scores.mated.begin(), drawn.scores.mated.end(), best);
  std::sort(drawn.scores.tail.begin(), drawn.scores.tail.end(), best);
  return drawn;
}

TEST(ExtrapolationTest, ReachesTheTruthBeyondTheData) {
  const Drawn drawn = Draw(250, 11, 0.02);
  const auto report = Extrapolate(drawn.scores, drawn.subjects, {1, 100, 2});
  ASSERT_TRUE(report) << report.error().message();
  const double deviation = std::sqrt(0.08 * 0.08 + 2 * 0.02 * 0.02);
  ASSERT_FALSE(report->points.empty());
  for (const TailPoint& point : report->points) {
    const double truth = -NormalQuantile(point.fmr) * deviation;
    EXPECT_NEAR(point.threshold.value, truth, 0.03) << point.fmr;
    EXPECT_LT(point.threshold.interval.low, point.threshold.interval.high);
    EXPECT_EQ(point.beyond, point.fmr * 124500 < 30);
    EXPECT_EQ(std::isnan(point.counted), point.fmr * 124500 < 1);
    const double missed = std::erfc((0.6 - point.threshold.value) / 0.1 / std::sqrt(2.0)) / 2;
    EXPECT_NEAR(point.fnmr.value, missed, 0.08);
  }
  // 124,500 pairs: the rarest countable rate is 2.4e-4, so that 1e-6 is not reached and 1e-5 is.
  EXPECT_DOUBLE_EQ(report->points.back().fmr, 1e-5);
  EXPECT_GT(report->tail.share, 3.9e-3);  // 500 pairs
  EXPECT_LE(report->shape.low, report->tail.shape);
  EXPECT_GE(report->shape.high, report->tail.shape);
}

TEST(ExtrapolationTest, CountsAsVerifyDoes) {
  Drawn drawn = Draw(200, 2, 0);
  // A coarse grid makes ties.
  for (ScoredPair& pair : drawn.scores.tail) pair.score = std::round(pair.score * 200) / 200;
  const std::vector<std::uint8_t> failed(drawn.subjects.size());
  const auto tail = Extrapolate(drawn.scores, drawn.subjects, {1, 1, 1});
  ASSERT_TRUE(tail) << tail.error().message();
  for (const TailPoint& point : tail->points) {
    if (std::isnan(point.counted)) continue;
    VerificationOptions options;
    options.fmrs = {point.fmr};
    options.bootstrap.resamples = 1;
    const auto counted = Verify({&drawn.scores, drawn.subjects, failed, {}, {}}, options);
    ASSERT_TRUE(counted);
    EXPECT_EQ(point.counted, counted->points[0].threshold.value) << point.fmr;
  }
}

TEST(ExtrapolationTest, TooLittleIsSaid) {
  const Drawn few = Draw(60, 1, 0);  // 7,080 pairs
  const auto report = Extrapolate(few.scores, few.subjects, {1, 10, 1});
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message().find("25000"), std::string::npos) << report.error().message();
  Drawn equal = Draw(200, 1, 0);
  for (ScoredPair& pair : equal.scores.tail) pair.score = 0.1F;
  EXPECT_FALSE(Extrapolate(equal.scores, equal.subjects, {1, 10, 1}));
}

}  // namespace
}  // namespace candid::eval
