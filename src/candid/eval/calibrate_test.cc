#include "candid/eval/calibrate.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <optional>
#include <random>
#include <vector>

#include "candid/eval/calibration_statistic.h"
#include "candid/eval/testing_scores.h"

namespace candid::eval {
namespace {

void Ignore(std::string_view) {}

// Every pair of `people` with one image each; scores by `draw`, the best `share` of them kept.
template <typename Draw>
StrangerPairs PairsOf(std::uint32_t people, double share, const Draw& draw) {
  StrangerPairs group;
  group.name = "all";
  for (std::uint32_t i = 0; i < people; ++i) {
    for (std::uint32_t j = i + 1; j < people; ++j) group.best.push_back({draw(), i, j});
  }
  group.count = static_cast<double>(group.best.size());
  std::stable_sort(group.best.begin(), group.best.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  group.best.resize(static_cast<std::size_t>(share * group.count));
  auto& images = group.images.emplace_back();
  for (std::uint32_t i = 0; i < people; ++i) images.push_back({i, 1});
  return group;
}

TEST(CalibrationRates, AreQuartersOfDecades) {
  const auto rates = CalibrationRates(1e-9);
  ASSERT_EQ(rates.size(), 31u);
  EXPECT_NEAR(rates.front(), 0.0316228, 1e-6);
  EXPECT_DOUBLE_EQ(rates[6], 1e-3);
  EXPECT_DOUBLE_EQ(rates.back(), 1e-9);
  for (std::size_t i = 1; i < rates.size(); ++i) EXPECT_LT(rates[i], rates[i - 1]);
}

// 80 people: 3,160 pairs with scores 3160, 3159, ...; a rate of r is the score of rank 3160 r.
TEST(CalibrationStatistic, TakesObservedScores) {
  float next = 0;
  const StrangerPairs group = PairsOf(80, 0.5, [&] { return ++next; });
  const std::vector<double> rates = CalibrationRates(1e-9);
  const CalibrationStatistic statistic({&group, 1}, rates);
  const auto& plan = statistic.plan(0);
  EXPECT_EQ(plan.first, 0u);
  EXPECT_EQ(plan.extrapolated, 3u);  // 31.6 pairs at 1e-2, 17.8 at the next
  std::vector<double> scores(statistic.figures());
  statistic.Measure(std::vector<double>(80, 1), scores);
  EXPECT_DOUBLE_EQ(scores[0], 3160 - 99 + 1);  // 99.9 pairs
  EXPECT_DOUBLE_EQ(scores[1], 3160 - 56 + 1);
  EXPECT_DOUBLE_EQ(scores[2], 3160 - 31 + 1);
  for (std::size_t r = 1; r < rates.size(); ++r) EXPECT_GT(scores[r], scores[r - 1]);
}

// The person of the best pairs counts three times: his pairs weigh three each.
TEST(CalibrationStatistic, WeighsPairsByTheirPeople) {
  StrangerPairs group = PairsOf(80, 1, [] { return 0.0F; });
  for (auto& pair : group.best) pair.score = pair.i == 0 ? 2.0F : 1.0F;
  std::stable_sort(group.best.begin(), group.best.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  const std::vector<double> rates = {0.09, 0.07, 1e-9};
  const CalibrationStatistic statistic({&group, 1}, rates);
  std::vector<double> scores(statistic.figures());
  std::vector<double> weights(80, 1);
  statistic.Measure(weights, scores);
  // 79 of 3,160 pairs score 2: 2.5 %.
  EXPECT_DOUBLE_EQ(scores[0], 2);
  EXPECT_DOUBLE_EQ(scores[1], 2);
  weights[0] = 3;
  statistic.Measure(weights, scores);
  // 237 of 3,318: 7.1 %. For 7 % the score must be above them.
  EXPECT_DOUBLE_EQ(scores[0], 2);
  EXPECT_GT(scores[1], 2);
  EXPECT_LT(scores[1], 2.001);
}

// Exponential scores: rate r at -0.1 ln r, whatever the group's size.
TEST(CalibrationStatistic, TheTailGoesOnAsTheTruthDoes) {
  std::mt19937_64 random(3);
  std::exponential_distribution<float> exponential(10);
  const std::vector<StrangerPairs> groups = {
      PairsOf(1000, 0.05, [&] { return exponential(random); }),
      PairsOf(120, 0.25, [&] { return 0.05F + exponential(random); })};
  const std::vector<double> rates = CalibrationRates(1e-9);
  const CalibrationStatistic statistic(groups, rates);
  EXPECT_LT(rates[statistic.plan(0).extrapolated], 1e-4);
  EXPECT_GT(rates[statistic.plan(1).extrapolated], 1e-3);
  std::vector<double> scores(statistic.figures());
  const std::vector<double> once(1000, 1);
  statistic.Measure(once, scores);
  const auto replicates = Bootstrap(
      1000, statistic.figures(), {1, 200, 2},
      [&](std::span<const double> w, std::span<double> out) { statistic.Measure(w, out); });
  for (const double rate : {1e-3, 1e-4, 1e-6}) {
    const auto r = static_cast<std::size_t>(
        std::find_if(rates.begin(), rates.end(), [&](double x) { return x < rate * 1.01; }) -
        rates.begin());
    for (std::size_t g = 0; g < 2; ++g) {
      const double truth = (g == 0 ? 0 : 0.05) - 0.1 * std::log(rate);
      const Interval interval = replicates.interval(statistic.at(g, r));
      EXPECT_NEAR(scores[statistic.at(g, r)], truth, (rate < 1e-5 ? 0.3 : 0.15) * truth)
          << rate << " " << g;
      EXPECT_LE(interval.low, truth) << rate << " " << g;
      EXPECT_GE(interval.high, truth) << rate << " " << g;
    }
  }
}

class CalibrateSet : public testing::Test {
 protected:
  CalibrateSet() : set_(RandomSet(700, 350, 24, 5)) {
    grouping_.name = "half";
    grouping_.groups = {"even", "few", "odd"};
    for (std::size_t i = 0; i < set_.size(); ++i) {
      const std::uint32_t person = set_.subjects[i];
      grouping_.of_image.push_back(person < 10 ? 1 : person % 2 == 0 ? 0 : 2);
    }
  }
  CalibrationSet Whole() const { return {"photos", set_.view(), {&grouping_, 1}, std::nullopt}; }
  Result<CalibrateOutcome> Run(const CalibrationSet& set, std::size_t jobs = 2) const {
    CalibrateOptions options;
    options.bootstrap = {1, 50, jobs};
    return Calibrate({&set, 1}, options, Ignore);
  }

  TestSet set_;
  Grouping grouping_;
};

decision::Calibration Named(decision::Calibration table) {
  table.pack = table.model_hash = table.date = table.command = table.precision = "x";
  return table;
}

TEST_F(CalibrateSet, MakesATableThatIsRead) {
  const auto outcome = Run(Whole());
  ASSERT_TRUE(outcome) << outcome.error().message();
  const std::string text = decision::FormatCalibration(Named(outcome->table));
  const auto read = decision::ParseCalibration(AsBytes(text), "t");
  ASSERT_TRUE(read) << read.error().message();
  ASSERT_EQ(read->groups.size(), 3u);
  EXPECT_EQ(read->groups[0].name, "all");
  EXPECT_EQ(read->groups[1].name, "photos: even");
  EXPECT_EQ(read->groups[2].name, "photos: odd");
  EXPECT_EQ(read->groups[0].people, 350u);
  EXPECT_EQ(read->groups[0].impostor_pairs + read->groups[0].mated_pairs, 700u * 699 / 2);
  EXPECT_FALSE(read->groups[0].misses.empty());
  ASSERT_EQ(outcome->notes.size(), 1u + (read->growth.searches == 0 ? 1 : 0));
  EXPECT_EQ(outcome->notes[0], "photos: few: 10 people are too few, left out.");
  // The score of a rate is the least observed that keeps to it.
  const auto& points = outcome->table.groups[0].points;
  for (const auto& point : points) {
    if (point.fmr < outcome->table.groups[0].measured_to) continue;
    double reached = 0, pairs = 0;
    for (std::size_t a = 0; a < set_.size(); ++a) {
      for (std::size_t b = a + 1; b < set_.size(); ++b) {
        if (set_.subjects[a] == set_.subjects[b]) continue;
        pairs += 1;
        reached += double{set_.Score(a, b)} >= point.score ? 1 : 0;
      }
    }
    EXPECT_LE(reached / pairs, point.fmr * (1 + 1e-9));
    EXPECT_GT(reached / pairs, point.fmr * 0.8);
  }
}

TEST_F(CalibrateSet, DoesNotDependOnThreads) {
  const auto one = Run(Whole(), 1), three = Run(Whole(), 3);
  ASSERT_TRUE(one && three);
  EXPECT_EQ(decision::FormatCalibration(Named(one->table)),
            decision::FormatCalibration(Named(three->table)));
}

TEST_F(CalibrateSet, CountsTheAgesThatAreDeclined) {
  // Every tenth picture has no estimate; of the even people's others half are below 13.
  std::vector<std::optional<float>> ages(set_.size());
  std::array<decision::AgesDeclined, 2> expected;  // everybody, even
  for (std::size_t i = 0; i < ages.size(); ++i) {
    if (i % 10 == 0) continue;
    const bool even = grouping_.of_image[i] == 0, young = even && i % 4 < 2;
    ages[i] = young ? 12.9F : 40.0F;
    for (const std::size_t whose : {0, 1}) {
      if (whose == 1 && !even) continue;
      ++expected[whose].estimated;
      expected[whose].declined += young ? 1 : 0;
    }
  }
  CalibrationSet set = Whole();
  set.ages = ages;
  EXPECT_FALSE(Run(set)->table.groups[0].ages) << "nobody is declined";
  CalibrateOptions options;
  options.bootstrap = {1, 50, 2};
  options.decline_below_age = 13;
  const auto outcome = Calibrate({&set, 1}, options, Ignore);
  ASSERT_TRUE(outcome) << outcome.error().message();
  EXPECT_EQ(outcome->table.decline_below_age, 13);
  ASSERT_EQ(outcome->table.groups.size(), 3u);
  EXPECT_GT(expected[1].declined, 0u);
  for (const std::size_t g : {0, 1}) {
    ASSERT_TRUE(outcome->table.groups[g].ages);
    EXPECT_EQ(outcome->table.groups[g].ages->estimated, expected[g].estimated);
    EXPECT_EQ(outcome->table.groups[g].ages->declined, expected[g].declined);
  }
  EXPECT_EQ(outcome->table.groups[2].ages->declined, 0u);
  set.ages = {};
  EXPECT_FALSE(Calibrate({&set, 1}, options, Ignore)->table.groups[0].ages);
}

TEST_F(CalibrateSet, LeavesOutTwinsOnlyWhenAsked) {
  // Somebody's picture under another name.
  const std::size_t d = set_.dimension;
  std::copy_n(set_.values.begin(), d, set_.values.begin() + static_cast<std::ptrdiff_t>(5 * d));
  set_.failed[0] = set_.failed[5] = 0;
  CalibrationSet set = Whole();
  const auto with = Run(set);
  set.twins_above = 0.95F;
  const auto without = Run(set);
  ASSERT_TRUE(with && without);
  EXPECT_EQ(with->table.data[0].left_out, 0u);
  EXPECT_EQ(without->table.data[0].left_out, 1u);
}

TEST_F(CalibrateSet, SaysWhatCannotBeDone) {
  const TestSet small = RandomSet(20, 10, 8, 1);
  const CalibrationSet set{"tiny", small.view(), {}, std::nullopt};
  const auto outcome = Run(set);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), Code::kInvalidArgument);
  EXPECT_NE(outcome.error().message().find("too few"), std::string::npos);
  EXPECT_FALSE(Calibrate({}, {}, Ignore));
  CalibrateOptions options;
  options.limit = 1e-3;
  EXPECT_FALSE(Calibrate({&set, 1}, options, Ignore));
}

}  // namespace
}  // namespace candid::eval
