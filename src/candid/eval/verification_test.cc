#include "candid/eval/verification.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "candid/eval/pair_statistic.h"
#include "candid/eval/testing_scores.h"

namespace candid::eval {
namespace {

PairScores Score(const TestSet& set) {
  auto scores = ScoreAllPairs(set.view(), {2, 1, -1});
  EXPECT_TRUE(scores);
  return std::move(*scores);
}

VerificationReport Report(const TestSet& set, const VerificationOptions& options,
                          std::span<const Grouping> groupings = {},
                          std::vector<std::size_t> group_points = {}) {
  const PairScores scores = Score(set);
  auto report =
      Verify({&scores, set.subjects, set.failed, groupings, std::move(group_points)}, options);
  EXPECT_TRUE(report) << report.error().message();
  return std::move(*report);
}

// One term a pair: slow, and written from the definitions alone.
struct Slow {
  double threshold = 0;
  Rate fmr, fnmr;
  double fnmr_by_subject = 0;
};

Slow MeasureSlowly(const TestSet& set, const std::vector<double>& weights, double fmr,
                   const std::vector<std::uint16_t>* group_of = nullptr, int group = 0,
                   const double* fixed = nullptr) {
  struct Pair {
    double score, weight;
    std::size_t subject;
    bool mated, counted;
  };
  std::vector<Pair> pairs;
  double impostors = 0;
  for (std::size_t a = 0; a < set.size(); ++a) {
    for (std::size_t b = a + 1; b < set.size(); ++b) {
      const bool mated = set.subjects[a] == set.subjects[b];
      const double weight =
          mated ? weights[set.subjects[a]] : weights[set.subjects[a]] * weights[set.subjects[b]];
      const bool counted =
          group_of == nullptr || ((*group_of)[a] == group && (*group_of)[b] == group);
      pairs.push_back({set.Score(a, b), weight, set.subjects[a], mated, counted});
      if (!mated) impostors += weight;
    }
  }
  const auto at_or_above = [&](double t) {
    double sum = 0;
    for (const Pair& p : pairs) sum += !p.mated && p.score >= t ? p.weight : 0;
    return sum;
  };
  Slow out;
  out.threshold = 2;
  for (const Pair& p : pairs) {
    if (p.mated || p.score == kNoScore || p.weight == 0 || p.score >= out.threshold) continue;
    if (at_or_above(p.score) <= fmr * impostors * (1 + 1e-12)) out.threshold = p.score;
  }
  if (fixed != nullptr) out.threshold = *fixed;
  std::vector<Rate> subjects(weights.size());
  for (const Pair& p : pairs) {
    const bool accepted = p.score >= out.threshold;
    if (p.mated) {
      ++subjects[p.subject].trials;
      subjects[p.subject].errors += accepted ? 0 : 1;
    }
    if (!p.counted) continue;
    Rate& rate = p.mated ? out.fnmr : out.fmr;
    rate.trials += p.weight;
    rate.errors += p.mated != accepted ? p.weight : 0;
  }
  double people = 0;
  for (std::size_t s = 0; s < weights.size(); ++s) {
    if (subjects[s].trials == 0) continue;
    people += weights[s];
    out.fnmr_by_subject += weights[s] * subjects[s].value();
  }
  out.fnmr_by_subject /= people;
  return out;
}

TEST(VerificationTest, AgreesWithASlowDirectImplementation) {
  for (const int steps : {11, 4}) {  // few ties, many
    const TestSet set = RandomSet(90, 25, 12, static_cast<unsigned>(steps), steps);
    const PairScores scores = [&] {  // not by ScoreAllPairs: a coarse grid spoils the unit length
      PairScores s;
      for (std::uint32_t a = 0; a < set.size(); ++a) {
        for (std::uint32_t b = a + 1; b < set.size(); ++b) {
          const bool mated = set.subjects[a] == set.subjects[b];
          ++(mated ? s.mated_pairs : s.impostor_pairs);
          if (mated || set.Score(a, b) != kNoScore) {
            (mated ? s.mated : s.tail).push_back({set.Score(a, b), a, b});
          }
        }
      }
      const auto best = [](const auto& x, const auto& y) { return x.score > y.score; };
      std::stable_sort(s.mated.begin(), s.mated.end(), best);
      std::stable_sort(s.tail.begin(), s.tail.end(), best);
      return s;
    }();
    Grouping grouping{"g", {"a", "b", "c"}, {}};
    for (std::size_t i = 0; i < set.size(); ++i) {
      grouping.of_image.push_back(i % 7 == 0 ? kNoGroup : static_cast<std::uint16_t>(i % 3));
    }
    const std::vector<PointAsked> points = {{0.1, 0}, {0.01, 0}, {0.001, 0}, {0, 0.25F}};
    const PairStatistic statistic(scores, set.subjects, std::span(&grouping, 1), points, {1, 3});
    std::mt19937 random(1);
    for (int round = 0; round < 3; ++round) {
      std::vector<double> weights(25, 1);
      for (double& w : weights) w = round == 0 ? 1 : static_cast<double>(random() % 4);
      std::vector<double> figures(statistic.figures());
      statistic.Measure(weights, figures);
      for (std::size_t p = 0; p < points.size(); ++p) {
        const double fixed = points[p].threshold;
        const Slow slow = MeasureSlowly(set, weights, points[p].fmr, nullptr, 0,
                                        points[p].fmr == 0 ? &fixed : nullptr);
        const PointFigures fast = statistic.point(figures, p);
        if (slow.threshold == 2) {
          EXPECT_GT(fast.threshold, scores.tail.front().score);
        } else {
          EXPECT_EQ(fast.threshold, slow.threshold);
        }
        EXPECT_NEAR(fast.fmr, slow.fmr.value(), 1e-12);
        if (slow.threshold == 2) continue;
        EXPECT_NEAR(fast.fnmr, slow.fnmr.value(), 1e-12);
        EXPECT_NEAR(fast.fnmr_by_subject, slow.fnmr_by_subject, 1e-12);
      }
      for (std::size_t q = 0; q < 2; ++q) {
        const double threshold = statistic.point(figures, q == 0 ? 1 : 3).threshold;
        for (int g = 0; g < 3; ++g) {
          const Slow slow = MeasureSlowly(set, weights, 0, &grouping.of_image, g, &threshold);
          const GroupRates fast = statistic.group(figures, q, 0, static_cast<std::size_t>(g));
          EXPECT_NEAR(fast.fmr.errors, slow.fmr.errors, 1e-9);
          EXPECT_NEAR(fast.fmr.trials, slow.fmr.trials, 1e-9);
          EXPECT_NEAR(fast.fnmr.errors, slow.fnmr.errors, 1e-9);
          EXPECT_NEAR(fast.fnmr.trials, slow.fnmr.trials, 1e-9);
        }
      }
    }
  }
}

// Unit vectors along axes: scores are exactly 0 or 1.
TestSet Axes(std::vector<int> axes, std::vector<std::uint32_t> subjects) {
  TestSet set;
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
  const TestSet set = Axes({0, 0, 1, 0, 0, 2, 3, 4}, {0, 0, 0, 1, 1, 1, 2, 2});
  const VerificationReport report = Report(set, {{0.1}, {}, {1, 10, 1}});
  EXPECT_EQ(report.points[0].false_matches, 0U);
  EXPECT_GT(report.points[0].threshold.value, 1);
  EXPECT_EQ(report.points[0].fnmr.value, 1);
}

TEST(VerificationTest, TheThresholdIsAnImpostorsScore) {
  // Impostors at 0 but for one pair at 1: it may match, so the threshold is 1 and the mated pair
  // at 0 is missed.
  const TestSet set = Axes({0, 1, 0, 2, 3, 4, 5}, {0, 0, 1, 2, 3, 4, 5});
  const VerificationReport report = Report(set, {{0.1}, {}, {1, 10, 1}});
  EXPECT_EQ(report.points[0].threshold.value, 1);
  EXPECT_EQ(report.points[0].false_matches, 1U);
  EXPECT_EQ(report.points[0].misses, 1U);
}

TEST(VerificationTest, SubjectsWeighTheSameByFailuresToo) {
  // Subject 0: three pairs, two of them lost to the failed image; subject 1: one pair, accepted.
  TestSet set = Axes({0, 0, 0, 1, 1, 2, 3, 4}, {0, 0, 0, 1, 1, 2, 3, 4});
  set.failed[2] = 1;
  const VerificationReport report = Report(set, {{}, {0.5F}, {1, 10, 1}});
  EXPECT_EQ(report.mated_pairs, 4U);
  EXPECT_EQ(report.impostor_pairs, 24U);
  EXPECT_EQ(report.mated_subjects, 2U);
  EXPECT_DOUBLE_EQ(report.points[0].fnmr.value, 0.5);
  EXPECT_NEAR(report.points[0].fnmr_by_subject.value, 1.0 / 3, 1e-12);
}

TEST(VerificationTest, CountsGroupsAtOneThreshold) {
  // Group a: subjects 0 and 1, who look alike; group b: subjects 2 and 3, who don't.
  const TestSet set = Axes({0, 0, 0, 1, 1, 2, 3}, {0, 0, 1, 2, 2, 3, 3});
  const Grouping grouping{"g", {"a", "b"}, {0, 0, 0, 1, 1, 1, 1}};
  const VerificationReport report =
      Report(set, {{}, {0.5F}, {1, 200, 2}}, std::span(&grouping, 1), {0});
  ASSERT_EQ(report.groups.size(), 1U);
  const GroupReport& groups = report.groups[0];
  EXPECT_EQ(groups.groups[0].subjects, 2U);
  EXPECT_EQ(groups.cells[0][0].impostor_pairs, 2U);
  EXPECT_EQ(groups.cells[0][0].false_matches, 2U);
  EXPECT_EQ(groups.cells[0][0].mated_pairs, 1U);
  EXPECT_EQ(groups.cells[0][0].misses, 0U);
  EXPECT_EQ(groups.cells[0][1].impostor_pairs, 12U);
  EXPECT_EQ(groups.cells[0][1].false_matches, 0U);
  EXPECT_EQ(groups.cells[1][1].impostor_pairs, 4U);
  EXPECT_EQ(groups.cells[1][1].mated_pairs, 2U);
  EXPECT_EQ(groups.cells[1][1].misses, 1U);
  EXPECT_EQ(groups.groups[0].fmr.value, 1);
  EXPECT_EQ(groups.groups[1].fmr.value, 0);
  EXPECT_EQ(groups.groups[1].fnmr.value, 0.5);
  EXPECT_EQ(groups.reference, 1U);
  EXPECT_TRUE(std::isnan(groups.fmr.value.max_over_min));  // two people are no group
  EXPECT_TRUE(std::isnan(groups.groups[0].fmr_test.ratio));
}

TEST(VerificationTest, SaysWhatTheDataCannotSupport) {
  const TestSet set = Axes({0, 0, 1}, {0, 0, 1});
  const VerificationReport report = Report(set, {{0.1}, {}, {1, 10, 1}});
  EXPECT_EQ(report.points[0].reach, Reach::kTooFewPairs);
  // Nobody has two images: false matches only.
  const VerificationReport flat = Report(Axes({0, 0, 1}, {0, 1, 2}), {{}, {0.5F}, {1, 10, 1}});
  EXPECT_EQ(flat.points[0].false_matches, 1U);
  EXPECT_TRUE(std::isnan(flat.points[0].fnmr.value));
}

TEST(VerificationTest, RefusesWhatItCannotMeasure) {
  const TestSet set = Axes({0, 0, 1}, {0, 0, 1});
  const PairScores scores = Score(set);
  const VerificationInput good{&scores, set.subjects, set.failed, {}, {}};
  EXPECT_TRUE(Verify(good, {{0.1}, {}, {1, 1, 1}}));
  EXPECT_FALSE(Verify(good, {{0.0}, {}, {1, 1, 1}}));
  EXPECT_FALSE(Verify(good, {{0.1}, {2.5F}, {1, 1, 1}}));
  EXPECT_FALSE(Verify(good, {{0.1}, {}, {1, 0, 1}}));
  const TestSet alone = Axes({0, 0}, {0, 0});
  const PairScores none = Score(alone);
  EXPECT_FALSE(Verify({&none, alone.subjects, alone.failed, {}, {}}));
}

}  // namespace
}  // namespace candid::eval
