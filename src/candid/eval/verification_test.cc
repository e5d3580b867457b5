#include "candid/eval/verification.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace candid::eval {
namespace {

struct Set {
  std::vector<float> values;
  std::vector<std::uint32_t> subjects;
  std::vector<std::uint8_t> failed;
  std::size_t dimension = 0;
  LabelledTemplates view() const { return {values, dimension, subjects, failed}; }
};

Set RandomSet(std::size_t images, std::size_t people, std::size_t dimension, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> centres(people * dimension);
  for (float& v : centres) v = normal(random);
  Set set;
  set.dimension = dimension;
  for (std::size_t i = 0; i < images; ++i) {
    const auto person = static_cast<std::uint32_t>(random() % people);
    std::vector<float> row(dimension);
    float square = 0;
    for (std::size_t k = 0; k < dimension; ++k) {
      row[k] = centres[person * dimension + k] + 1.5F * normal(random);
      square += row[k] * row[k];
    }
    // On a grid of 2^-11 every product and sum is exact in float, whatever the order of adding.
    for (const float v : row) {
      set.values.push_back(std::round(v / std::sqrt(square) * 2048) / 2048);
    }
    set.subjects.push_back(person + 100);
    set.failed.push_back(random() % 20 == 0 ? 1 : 0);
  }
  return set;
}

TEST(VerificationTest, AgreesWithBruteForce) {
  const Set set = RandomSet(203, 40, 37, 5);
  const std::vector<double> fmrs = {0.1, 0.01, 0.001, 1e-6};
  const auto report = Verify(set.view(), {fmrs, 1, 50});
  ASSERT_TRUE(report.has_value());
  std::vector<float> mated;
  std::vector<float> impostors;
  for (std::size_t a = 0; a < 203; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      float score = 0;
      for (std::size_t k = 0; k < 37; ++k) score += set.values[a * 37 + k] * set.values[b * 37 + k];
      if (set.failed[a] != 0 || set.failed[b] != 0) score = -2;
      (set.subjects[a] == set.subjects[b] ? mated : impostors).push_back(score);
    }
  }
  ASSERT_EQ(report->mated_pairs, mated.size());
  ASSERT_EQ(report->impostor_pairs, impostors.size());
  EXPECT_FALSE(report->points[3].supported);
  const auto reached = [](const std::vector<float>& scores, float threshold) {
    return static_cast<double>(
        std::count_if(scores.begin(), scores.end(), [=](float s) { return s >= threshold; }));
  };
  for (std::size_t p = 0; p < 3; ++p) {
    const OperatingPoint& point = report->points[p];
    ASSERT_TRUE(point.supported);
    const double allowed = fmrs[p] * static_cast<double>(impostors.size());
    EXPECT_EQ(static_cast<double>(point.false_matches), reached(impostors, point.threshold));
    EXPECT_LE(reached(impostors, point.threshold), allowed);
    EXPECT_GT(reached(impostors, std::nextafter(point.threshold, -1.0F)), allowed);  // the smallest
    EXPECT_DOUBLE_EQ(point.tar_by_pairs,
                     reached(mated, point.threshold) / static_cast<double>(mated.size()));
    EXPECT_LE(point.pairs_interval.low, point.tar_by_pairs);
    EXPECT_GE(point.pairs_interval.high, point.tar_by_pairs);
    EXPECT_LT(point.pairs_interval.low, point.pairs_interval.high);
  }
}

// Unit vectors along axes: scores are exactly 0 or 1.
Set Axes(std::vector<int> axes, std::vector<std::uint32_t> subjects) {
  Set set;
  set.dimension = 8;
  for (const int axis : axes) {
    for (int k = 0; k < 8; ++k) set.values.push_back(k == axis ? 1.0F : 0.0F);
  }
  set.subjects = std::move(subjects);
  set.failed.assign(set.subjects.size(), 0);
  return set;
}

TEST(VerificationTest, ATieAmongImpostorsCountsAgainstUs) {
  // 24 impostor pairs, of which four tie at 1: two may match, so none does and neither do the
  // mates.
  const Set set = Axes({0, 0, 1, 0, 0, 2, 3, 4}, {1, 1, 1, 2, 2, 2, 3, 3});
  const auto report = Verify(set.view(), {{0.1}, 1, 10});
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->points[0].false_matches, 0U);
  EXPECT_GT(report->points[0].threshold, 1.0F);
  EXPECT_EQ(report->points[0].tar_by_pairs, 0);
}

TEST(VerificationTest, SubjectsWeighTheSameByFailuresToo) {
  // Subject 1: three pairs, two of them lost to the failed image; subject 2: one pair, accepted.
  Set set = Axes({0, 0, 0, 1, 1, 2, 3, 4}, {1, 1, 1, 2, 2, 3, 4, 5});
  set.failed[2] = 1;
  const auto report = Verify(set.view(), {{0.1}, 1, 10});
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->mated_pairs, 4U);
  EXPECT_EQ(report->impostor_pairs, 24U);
  EXPECT_DOUBLE_EQ(report->points[0].tar_by_pairs, 0.5);
  EXPECT_DOUBLE_EQ(report->points[0].tar_by_subject, (1.0 / 3 + 1) / 2);
}

TEST(VerificationTest, RefusesWhatItCannotMeasure) {
  const Set good = Axes({0, 0, 1}, {1, 1, 2});
  EXPECT_TRUE(Verify(good.view()).has_value());
  EXPECT_FALSE(Verify(Axes({0, 1}, {1, 2}).view()).has_value());
  EXPECT_FALSE(Verify(Axes({0, 0}, {1, 1}).view()).has_value());
  EXPECT_FALSE(Verify({}).has_value());
  EXPECT_FALSE(Verify(good.view(), {{0.0}, 1, 10}).has_value());
  EXPECT_FALSE(Verify(good.view(), {{0.1}, 1, 0}).has_value());
  Set bad = good;
  bad.values[0] = std::nanf("");
  EXPECT_FALSE(Verify(bad.view()).has_value());
  bad.failed[0] = 1;  // its row is not read
  EXPECT_TRUE(Verify(bad.view()).has_value());
  bad.failed.pop_back();
  EXPECT_FALSE(Verify(bad.view()).has_value());
}

}  // namespace
}  // namespace candid::eval
