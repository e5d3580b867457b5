#include "candid/eval/tail.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "candid/eval/proportion.h"

namespace candid::eval {
namespace {

std::vector<Excess> Draw(double shape, double scale, std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(1e-12, 1);
  const decision::ParetoTail truth{0, shape, scale, 1};
  std::vector<Excess> excesses(count);
  for (Excess& e : excesses) e.by = truth.ScoreAt(uniform(random));
  return excesses;
}

TEST(TailTest, FindsTheParametersOfItsOwnKind) {
  for (const double shape : {-0.4, -0.2, 0.0, 0.2}) {
    const auto tail = FitTail(Draw(shape, 0.05, 20000, 7), 0.3, 1e7);
    ASSERT_TRUE(tail);
    // Four standard errors (Smith 1984): (1 + shape) / sqrt(n) and sqrt(2 (1 + shape) / n) scale.
    EXPECT_NEAR(tail->shape, shape, 4 * (1 + shape) / std::sqrt(20000)) << shape;
    EXPECT_NEAR(tail->scale, 0.05, 4 * std::sqrt(2 * (1 + shape) / 20000) * 0.05) << shape;
    EXPECT_EQ(tail->threshold, 0.3);
    EXPECT_NEAR(tail->share, 2e-3, 1e-12);
  }
}

// A million Gaussian scores, the best thousand known; the truth two decades beyond them.
TEST(TailTest, ReachesBeyondTheDataOfAGaussian) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> uniform(1e-12, 1);
  const double threshold = -NormalQuantile(1e-3);
  const int kRuns = 100;
  double at_1e6 = 0, at_1e8 = 0;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<Excess> excesses(1000);
    for (Excess& e : excesses) e.by = -NormalQuantile(1e-3 * uniform(random)) - threshold;
    const auto tail = FitTail(excesses, threshold, 1e6);
    ASSERT_TRUE(tail);
    at_1e6 += tail->ScoreAt(1e-6) / kRuns;
    at_1e8 += tail->ScoreAt(1e-8) / kRuns;
  }
  // The score of 1e-6 is right; that of 1e-8 comes out low by a few hundredths of a deviation, as a
  // Gaussian's tail is only on its way to the limit's form.
  EXPECT_NEAR(at_1e6, -NormalQuantile(1e-6), 0.06);
  EXPECT_NEAR(at_1e8, -NormalQuantile(1e-8), 0.25);
}

// Hosking and Wallis (1987), table 1's plotting positions apart.
decision::ParetoTail ByMoments(std::vector<Excess> excesses, double share) {
  std::sort(excesses.begin(), excesses.end(),
            [](const Excess& a, const Excess& b) { return a.by < b.by; });
  const auto n = static_cast<double>(excesses.size());
  double mean = 0, weighted = 0;
  for (std::size_t i = 0; i < excesses.size(); ++i) {
    mean += excesses[i].by / n;
    weighted += excesses[i].by * (n - 1 - static_cast<double>(i)) / (n - 1) / n;
  }
  const double apart = mean - 2 * weighted;
  return {0, 2 - mean / apart, 2 * mean * weighted / apart, share};
}

TEST(TailTest, IsNearerTheTruthThanMoments) {
  for (const double shape : {-0.3, -0.2, -0.1}) {
    const double truth = decision::ParetoTail{0, shape, 1, 1}.ScoreAt(1e-5);
    double likelihood = 0, moments = 0;
    for (unsigned run = 0; run < 60; ++run) {
      const auto excesses = Draw(shape, 1, 1000, 100 + run);
      likelihood += std::pow(FitTail(excesses, 0, 1000)->ScoreAt(1e-5) - truth, 2);
      moments += std::pow(ByMoments(excesses, 1).ScoreAt(1e-5) - truth, 2);
    }
    EXPECT_LT(std::sqrt(likelihood), 0.9 * std::sqrt(moments)) << shape;
  }
}

TEST(TailTest, AWeightCountsAsThatManyScores) {
  std::vector<Excess> weighted = Draw(-0.2, 0.05, 500, 5), repeated;
  for (std::size_t i = 0; i < weighted.size(); ++i) {
    weighted[i].weight = static_cast<double>(i % 4);
    for (std::size_t k = 0; k < i % 4; ++k) repeated.push_back({weighted[i].by, 1});
  }
  const auto a = FitTail(weighted, 0.4, 1e6), b = FitTail(repeated, 0.4, 1e6);
  ASSERT_TRUE(a && b);
  EXPECT_NEAR(a->shape, b->shape, 1e-6);
  EXPECT_NEAR(a->scale, b->scale, 1e-6);
  EXPECT_DOUBLE_EQ(a->share, b->share);
}

TEST(TailTest, TooLittleIsNoTail) {
  EXPECT_FALSE(FitTail(Draw(0, 1, kLeastExcesses - 1, 1), 0, 1000));
  EXPECT_FALSE(FitTail(std::vector<Excess>(1000, Excess{0, 1}), 0, 1e4));
  auto weightless = Draw(0, 1, 1000, 1);
  for (Excess& e : weightless) e.weight = 0;
  EXPECT_FALSE(FitTail(weightless, 0, 1e4));
  EXPECT_FALSE(FitTail({}, 0, 1e4));
  // All the same: no spread to learn from, and no crash.
  if (const auto same = FitTail(std::vector<Excess>(1000, Excess{0.1, 1}), 0, 1e4)) {
    EXPECT_GE(same->shape, kLeastShape);
    EXPECT_GT(same->scale, 0);
  }
}

}  // namespace
}  // namespace candid::eval
