// Do the intervals hold what they promise? Scores are drawn from a model whose error rates are
// known: two Gaussians, with an effect of each person in every score of theirs, so that pairs of
// one person depend on each other as they do in life.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "candid/eval/verification.h"

namespace candid::eval {
namespace {

constexpr std::uint32_t kPeople = 150;
constexpr int kRuns = 120;
constexpr double kNoise = 0.09, kPerson = 0.04;
constexpr float kThreshold = 0.25F;

double UpperTail(double z) { return std::erfc(z / std::sqrt(2.0)) / 2; }

struct Draw {
  PairScores scores;
  std::vector<std::uint32_t> subjects;
  std::vector<std::uint8_t> failed;
};

// Two images each; impostors around 0, mates around 0.5. A person's effect is on impostor scores (a
// "wolf") and, separately, on the mated one.
Draw DrawScores(unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Draw draw;
  std::vector<double> effect(kPeople);
  for (double& e : effect) e = kPerson * normal(random);
  for (std::uint32_t i = 0; i < 2 * kPeople; ++i) draw.subjects.push_back(i / 2);
  draw.failed.assign(draw.subjects.size(), 0);
  for (std::uint32_t a = 0; a < 2 * kPeople; ++a) {
    for (std::uint32_t b = a + 1; b < 2 * kPeople; ++b) {
      const bool mated = a / 2 == b / 2;
      const double score = mated ? 0.5 + 0.12 * normal(random)
                                 : effect[a / 2] + effect[b / 2] + kNoise * normal(random);
      auto& pairs = mated ? draw.scores.mated : draw.scores.tail;
      ++(mated ? draw.scores.mated_pairs : draw.scores.impostor_pairs);
      pairs.push_back({static_cast<float>(score), a, b});
    }
  }
  const auto best = [](const ScoredPair& x, const ScoredPair& y) { return x.score > y.score; };
  std::sort(draw.scores.mated.begin(), draw.scores.mated.end(), best);
  std::sort(draw.scores.tail.begin(), draw.scores.tail.end(), best);
  return draw;
}

TEST(CoverageTest, IntervalsHoldTheTruth) {
  const double deviation = std::sqrt(kNoise * kNoise + 2 * kPerson * kPerson);
  const double fmr = UpperTail(kThreshold / deviation);
  const double fnmr = UpperTail((0.5 - kThreshold) / 0.12);
  const double own_threshold = 2.326348 * deviation;  // of FMR 1e-2
  int held_fmr = 0, held_fnmr = 0, held_threshold = 0;
  for (int run = 0; run < kRuns; ++run) {
    const Draw draw = DrawScores(static_cast<unsigned>(run));
    VerificationOptions options;
    options.fmrs = {1e-2};
    options.thresholds = {kThreshold};
    options.bootstrap = {1, 300, 2};
    const auto report = Verify({&draw.scores, draw.subjects, draw.failed, {}, {}}, options);
    ASSERT_TRUE(report) << report.error().message();
    const auto holds = [](const Estimate& estimate, double truth) {
      return estimate.interval.low <= truth && truth <= estimate.interval.high ? 1 : 0;
    };
    held_threshold += holds(report->points[0].threshold, own_threshold);
    held_fmr += holds(report->points[1].fmr, fmr);
    held_fnmr += holds(report->points[1].fnmr, fnmr);
  }
  // 93 % of the runs, less two standard errors of so many runs.
  const double least = kRuns * (0.93 - 2 * std::sqrt(0.05 * 0.95 / kRuns));
  EXPECT_GE(held_fmr, least);
  EXPECT_GE(held_fnmr, least);
  EXPECT_GE(held_threshold, least);
  RecordProperty("fmr", held_fmr);
  RecordProperty("fnmr", held_fnmr);
  RecordProperty("threshold", held_threshold);
}

}  // namespace
}  // namespace candid::eval
