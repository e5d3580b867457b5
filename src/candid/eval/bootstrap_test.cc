#include "candid/eval/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace candid::eval {
namespace {

double Sum(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

TEST(BootstrapTest, DrawsEverybodyOnceOnAverageAndTheSameForEverySeed) {
  const auto statistic = [](std::span<const double> weights, std::span<double> figures) {
    figures[0] = Sum(weights);
    figures[1] = weights[0];
    figures[2] = weights[1];
  };
  const Replicates one = Bootstrap(7, 3, {5, 2000, 1}, statistic);
  const Replicates two = Bootstrap(7, 3, {5, 2000, 3}, statistic);
  const Replicates other = Bootstrap(7, 3, {6, 2000, 1}, statistic);
  double first = 0;
  bool differs = false;
  for (std::size_t r = 0; r < one.size(); ++r) {
    EXPECT_EQ(one.row(r)[0], 7);
    EXPECT_EQ(one.row(r)[1], two.row(r)[1]);
    differs = differs || one.row(r)[1] != other.row(r)[1];
    first += one.row(r)[1];
  }
  EXPECT_TRUE(differs);
  EXPECT_NEAR(first / 2000, 1, 0.07);  // three standard errors
}

TEST(BootstrapTest, PercentilesAreRoundedOutwards) {
  std::vector<double> values(1001);
  std::iota(values.begin(), values.end(), 0.0);
  EXPECT_EQ(PercentileInterval(values).low, 25);
  EXPECT_EQ(PercentileInterval(values).high, 975);
  EXPECT_EQ(PercentileInterval({3, 1, 2}).low, 1);
  EXPECT_EQ(PercentileInterval({3, 1, 2}).high, 3);
}

TEST(BootstrapTest, WhatIsMostlyUndefinedHasNoInterval) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(PercentileInterval({none, none, 1}).low));
  EXPECT_EQ(PercentileInterval({none, 1, 2}).low, 1);
  EXPECT_TRUE(std::isnan(PercentileInterval({}).high));
}

}  // namespace
}  // namespace candid::eval
