#include "candid/eval/threshold.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace candid::eval {
namespace {

TEST(ThresholdTest, TiesAreAcceptedTogetherOrNotAtAll) {
  const std::vector<float> scores{0.9F, 0.8F, 0.8F, 0.8F, 0.5F};
  EXPECT_GT(ThresholdFor(scores, 0), 0.9F);
  EXPECT_EQ(ThresholdFor(scores, 1), 0.9F);
  EXPECT_EQ(ThresholdFor(scores, 3), 0.9F);
  EXPECT_EQ(ThresholdFor(scores, 4), 0.8F);
  EXPECT_EQ(ThresholdFor(scores, 5), 0.5F);
  EXPECT_EQ(ThresholdFor(scores, 99), 0.5F);
  EXPECT_EQ(ThresholdFor({}, 3), -1);
}

TEST(ThresholdTest, IsTheSmallestScoreThatKeepsToTheRate) {
  std::mt19937 random(1);
  for (int run = 0; run < 200; ++run) {
    std::vector<float> scores(1 + random() % 40);
    for (float& s : scores) s = static_cast<float>(random() % 12) / 12;
    std::sort(scores.begin(), scores.end(), std::greater());
    const double allowed = static_cast<double>(random() % 45);
    const float threshold = ThresholdFor(scores, allowed);
    const auto reaching = [&](float t) {
      return static_cast<double>(
          std::count_if(scores.begin(), scores.end(), [t](float s) { return s >= t; }));
    };
    EXPECT_LE(reaching(threshold), allowed);
    for (const float score : scores) {
      EXPECT_TRUE(score >= threshold || reaching(score) > allowed);
    }
  }
}

}  // namespace
}  // namespace candid::eval
