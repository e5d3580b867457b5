// Do the intervals hold what they promise? Scores are drawn from a model whose error rates are
// known: two Gaussians, with an effect of each person in every score of theirs, so that pairs of
// one person depend on each other as they do in life, and one group's strangers more alike than the
// other's.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <random>

#include "candid/eval/identification.h"
#include "candid/eval/parallel.h"
#include "candid/eval/proportion.h"
#include "candid/eval/verification.h"

namespace candid::eval {
namespace {

constexpr std::uint32_t kPeople = 200;  // two images each; the odd ones are group b
constexpr int kRuns = 1000;
// The 2.5th and 97.5th percentile are order statistics, rounded outwards: of 200 resamples they
// hold 191 / 201 of a further one, of the product's 1,000 they hold 951 / 1,001. Both are 95.0 %.
constexpr int kResamples = 200;
constexpr double kLeastShare = 0.93;
constexpr double kNoise = 0.09, kPerson = 0.03, kMated = 0.38, kMatedNoise = 0.12;
constexpr double kShift = 0.03;      // of the pairs within group b; half of it across
constexpr float kThreshold = 0.22F;  // some 18 misses
// Of two errors or none resamples know too little: what the report widens.
constexpr float kTwoMisses = 0.1009F;
constexpr double kTwoMatches = 2.0 / (2 * kPeople * (2 * kPeople - 2) / 2.0);
constexpr double kKept = 0.09;  // impostor scores below play no part

// Of 200 searches each kind, two of a person.
constexpr double kSearchOther = 0.3, kSearchMate = 0.768, kSearchPerson = 0.05,
                 kSearchNoise = 0.087;

double UpperTail(double z) { return std::erfc(z / std::sqrt(2.0)) / 2; }

const double kDeviation = std::sqrt(kNoise * kNoise + 2 * kPerson * kPerson);
double FmrWithin(int of_b, double threshold) {
  return UpperTail((threshold - of_b * kShift / 2) / kDeviation);
}
// Of the whole set: pairs within a, across, and within b.
double Fmr(double threshold) {
  constexpr double half = kPeople / 2, within = half * (half - 1) / 2, across = half * half;
  return (within * FmrWithin(0, threshold) + across * FmrWithin(1, threshold) +
          within * FmrWithin(2, threshold)) /
         (2 * within + across);
}

double ThresholdFor(double fmr) {
  double low = 0, high = 1;
  for (int i = 0; i < 60; ++i) (Fmr((low + high) / 2) > fmr ? low : high) = (low + high) / 2;
  return low;
}

// Figures whose truth is known, and in how many runs their intervals held it.
class Tally {
 public:
  struct Figure {
    const char* name;
    double truth;
  };
  explicit Tally(std::vector<Figure> figures)
      : figures_(std::move(figures)), held_(figures_.size()) {}

  // From several threads at once.
  void Count(std::size_t figure, const Interval& interval) {
    const double truth = figures_[figure].truth;
    held_[figure] += interval.low <= truth && truth <= interval.high ? 1 : 0;
  }
  void Expect() const {
    for (std::size_t f = 0; f < figures_.size(); ++f) {
      EXPECT_GE(held_[f], kLeastShare * kRuns) << figures_[f].name;
      testing::Test::RecordProperty(std::string("held ") + figures_[f].name, held_[f]);
      std::printf("  %s: %d of %d\n", figures_[f].name, held_[f].load(), kRuns);
    }
  }

 private:
  std::vector<Figure> figures_;
  std::vector<std::atomic<int>> held_;
};

struct Draw {
  PairScores scores;
  std::vector<std::uint32_t> subjects;
  std::vector<std::uint8_t> failed;
  Grouping grouping{"g", {"a", "b"}, {}};
};

Draw DrawScores(unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Draw draw;
  std::vector<double> effect(kPeople);
  for (std::uint32_t i = 0; i < kPeople; ++i) {
    effect[i] = kPerson * normal(random) + i % 2 * kShift / 2;
  }
  for (std::uint32_t i = 0; i < 2 * kPeople; ++i) {
    draw.subjects.push_back(i / 2);
    draw.grouping.of_image.push_back(static_cast<std::uint16_t>(i / 2 % 2));
  }
  draw.failed.assign(draw.subjects.size(), 0);
  for (std::uint32_t a = 0; a < 2 * kPeople; ++a) {
    for (std::uint32_t b = a + 1; b < 2 * kPeople; ++b) {
      if (a / 2 == b / 2) {
        draw.scores.mated.push_back(
            {static_cast<float>(kMated + kMatedNoise * normal(random)), a, b});
        continue;
      }
      ++draw.scores.impostor_pairs;
      const double score = effect[a / 2] + effect[b / 2] + kNoise * normal(random);
      if (score >= kKept) draw.scores.tail.push_back({static_cast<float>(score), a, b});
    }
  }
  draw.scores.mated_pairs = draw.scores.mated.size();
  draw.scores.floor_bin = ScoreBin(static_cast<float>(kKept));
  const auto best = [](const ScoredPair& x, const ScoredPair& y) { return x.score > y.score; };
  std::sort(draw.scores.mated.begin(), draw.scores.mated.end(), best);
  std::sort(draw.scores.tail.begin(), draw.scores.tail.end(), best);
  return draw;
}

TEST(CoverageTest, PercentilesOfTwoHundredAreTheOnesCounted) {
  std::vector<double> values(kResamples);
  std::iota(values.begin(), values.end(), 1.0);
  const Interval interval = PercentileInterval(values);
  EXPECT_EQ(interval.high - interval.low, 191);
  values.resize(1000);
  std::iota(values.begin(), values.end(), 1.0);
  const Interval product = PercentileInterval(values);
  EXPECT_EQ(product.high - product.low, 951);
}

TEST(CoverageTest, IntervalsHoldTheTruth) {
  const double fnmr = UpperTail((kMated - kThreshold) / kMatedNoise);
  const float few = static_cast<float>(ThresholdFor(kTwoMatches));
  enum Figures { kFmr, kFnmr, kFewMatches, kFewMisses, kOwnThreshold, kGroupA, kGroupB, kRatio };
  Tally tally({{"FMR", Fmr(kThreshold)},
               {"FNMR", fnmr},
               {"FMR of two false matches", Fmr(few)},
               {"FNMR of two misses", UpperTail((kMated - kTwoMisses) / kMatedNoise)},
               {"threshold for FMR 1e-2", ThresholdFor(1e-2)},
               {"FMR a", FmrWithin(0, kThreshold)},
               {"FMR b", FmrWithin(2, kThreshold)},
               {"FMR b / FMR a", FmrWithin(2, kThreshold) / FmrWithin(0, kThreshold)}});
  std::atomic<int> found = 0;
  ParallelFor(kRuns, 2, [&](std::size_t, std::size_t run) {
    const Draw draw = DrawScores(static_cast<unsigned>(run));
    VerificationOptions options;
    options.fmrs = {1e-2};
    options.thresholds = {kThreshold, few, kTwoMisses};
    options.bootstrap = {run, kResamples, 1};
    const auto report = Verify(
        {&draw.scores, draw.subjects, draw.failed, std::span(&draw.grouping, 1), {1}}, options);
    if (!report) return;
    tally.Count(kOwnThreshold, report->points[0].threshold.interval);
    tally.Count(kFmr, report->points[1].fmr.interval);
    tally.Count(kFnmr, report->points[1].fnmr.interval);
    tally.Count(kFewMatches, report->points[2].fmr.interval);
    tally.Count(kFewMisses, report->points[3].fnmr.interval);
    const GroupReport& groups = report->groups[0];
    tally.Count(kGroupA, groups.groups[0].fmr.interval);
    tally.Count(kGroupB, groups.groups[1].fmr.interval);
    // One of the two is the reference; the other's ratio is to it.
    const std::size_t other = 1 - groups.reference;
    Interval ratio = groups.groups[other].fmr_test.interval;
    if (other == 0) ratio = {1 / ratio.high, 1 / ratio.low};
    tally.Count(kRatio, ratio);
    found += groups.groups[other].fmr_test.p_holm < 0.05 ? 1 : 0;
  });
  tally.Expect();
  // The planted difference is there to be seen.
  EXPECT_GE(found, kRuns / 2);
}

// Searches of one gallery: each person's two searches share an effect, in their best stranger's
// score and in their mate's.
SearchSet DrawSearches(unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  SearchSet set;
  set.gallery.resize(kPeople);
  set.sizes = {kPeople};
  set.mated = kPeople;
  for (std::uint32_t person = 0; person < kPeople; ++person) {
    const double effect = normal(random);
    for (std::uint32_t image = 2 * person; image < 2 * person + 2; ++image) {
      const double score = kSearchNoise * normal(random);
      Search& search = set.searches.emplace_back();
      search.image = image;
      search.subject = person;
      if (person % 2 == 0) {
        search.mate_entry = person;
        search.mate = static_cast<float>(kSearchMate + kSearchPerson * effect + score);
        search.best_other = {kNoScore};
        continue;
      }
      const auto best = static_cast<float>(kSearchOther + kSearchPerson * effect + score);
      search.others = {{best, 0}};
      search.best_other = {best};
    }
  }
  return set;
}

TEST(CoverageTest, IntervalsOfSearchesHoldTheTruth) {
  const double deviation = std::hypot(kSearchPerson, kSearchNoise);
  const auto fpir = [&](double t) { return UpperTail((t - kSearchOther) / deviation); };
  const auto fnir = [&](double t) { return UpperTail((kSearchMate - t) / deviation); };
  const float rare = 0.534F;  // two false positives and two misses of 200 are to be expected
  enum Figures { kFpir, kFnir, kOwnThreshold, kFewPositives, kFewMisses };
  Tally tally({{"FPIR", fpir(0.45F)},
               {"FNIR", fnir(0.6F)},
               {"threshold for FPIR 0.1", kSearchOther + deviation * NormalQuantile(0.9)},
               {"FPIR of two false positives", fpir(rare)},
               {"FNIR of two misses", fnir(rare)}});
  ParallelFor(kRuns, 2, [&](std::size_t, std::size_t run) {
    const SearchSet set = DrawSearches(static_cast<unsigned>(run));
    IdentificationOptions options;
    options.fpirs = {0.1};
    options.thresholds = {0.45F, 0.6F, rare};
    options.bootstrap = {run, kResamples, 1};
    const auto report = Identify(set, kPeople, {}, options);
    if (!report) return;
    tally.Count(kOwnThreshold, report->points[0].threshold.interval);
    tally.Count(kFpir, report->points[1].fpir.interval);
    tally.Count(kFnir, report->points[2].fnir.interval);
    tally.Count(kFewPositives, report->points[3].fpir.interval);
    tally.Count(kFewMisses, report->points[3].fnir.interval);
  });
  tally.Expect();
}

}  // namespace
}  // namespace candid::eval
