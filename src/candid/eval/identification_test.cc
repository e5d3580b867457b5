#include "candid/eval/identification.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "candid/eval/testing_scores.h"

namespace candid::eval {
namespace {

struct Slow {
  double threshold = 2;
  double fpir = 0, fnir = 0;
};

// From the definitions, a search at a time, for people who count `weights` times.
Slow MeasureSlowly(const TestSet& set, const SearchSet& searches,
                   const std::vector<double>& weights, double asked_fpir) {
  const auto score = [&](const Search& s, std::size_t entry) {
    return set.Score(s.image, searches.gallery[entry]);
  };
  const auto positives = [&](double t) {
    double sum = 0;
    for (const Search& s : searches.searches) {
      if (s.mate_entry) continue;
      bool any = false;
      for (std::size_t e = 0; e < searches.gallery.size(); ++e) any = any || score(s, e) >= t;
      sum += any ? weights[s.subject] : 0;
    }
    return sum;
  };
  double strangers = 0, mates = 0, missed = 0;
  for (const Search& s : searches.searches)
    (s.mate_entry ? mates : strangers) += weights[s.subject];
  Slow out;
  for (const Search& s : searches.searches) {
    if (s.mate_entry || weights[s.subject] == 0) continue;
    float best = kNoScore;
    for (std::size_t e = 0; e < searches.gallery.size(); ++e) best = std::max(best, score(s, e));
    if (best != kNoScore && best < out.threshold &&
        positives(best) <= asked_fpir * strangers * (1 + 1e-12)) {
      out.threshold = best;
    }
  }
  for (const Search& s : searches.searches) {
    if (!s.mate_entry) continue;
    std::size_t better = 0;
    for (std::size_t e = 0; e < searches.gallery.size(); ++e) {
      better += e != *s.mate_entry && score(s, e) >= score(s, *s.mate_entry) ? 1 : 0;
    }
    const bool found = score(s, *s.mate_entry) >= out.threshold && better < kCandidates;
    missed += found ? 0 : weights[s.subject];
  }
  out.fpir = positives(out.threshold) / strangers;
  out.fnir = missed / mates;
  return out;
}

TEST(IdentificationTest, AgreesWithASlowDirectImplementation) {
  const TestSet set = RandomSet(400, 60, 24, 3);
  const auto searches = SearchGallery(set.view(), 7, 2);
  ASSERT_TRUE(searches) << searches.error().message();
  IdentificationOptions options;
  options.fpirs = {0.5, 0.1, 0.01};
  options.thresholds = {0.4F};
  options.bootstrap = {1, 20, 1};
  const auto report = Identify(*searches, 60, {}, options);
  ASSERT_TRUE(report);
  for (std::size_t p = 0; p < 3; ++p) {
    const Slow slow = MeasureSlowly(set, *searches, std::vector<double>(60, 1), options.fpirs[p]);
    const SearchPoint& point = report->points[p];
    ASSERT_TRUE(point.supported);
    EXPECT_EQ(point.threshold.value, slow.threshold);
    EXPECT_NEAR(point.fpir.value, slow.fpir, 1e-12);
    EXPECT_NEAR(point.fnir.value, slow.fnir, 1e-12);
    EXPECT_NEAR(point.fpir.value * static_cast<double>(report->non_mated_searches),
                static_cast<double>(point.false_positives), 1e-9);
    EXPECT_NEAR(point.fnir.value * static_cast<double>(report->mated_searches),
                static_cast<double>(point.misses), 1e-9);
  }
  // The interval's resamples are the same figures for drawn people.
  const Replicates drawn =
      Bootstrap(60, 1, {1, 20, 1}, [&](std::span<const double> weights, std::span<double> out) {
        out[0] =
            MeasureSlowly(set, *searches, {weights.begin(), weights.end()}, options.fpirs[1]).fnir;
      });
  EXPECT_NEAR(report->points[1].fnir.interval.low, drawn.interval(0).low, 1e-12);
  EXPECT_NEAR(report->points[1].fnir.interval.high, drawn.interval(0).high, 1e-12);
}

TEST(IdentificationTest, HalvesThePeopleAndNestsTheGalleries) {
  const TestSet set = RandomSet(200, 81, 16, 5);
  const auto searches = SearchGallery(set.view(), 1, 3);
  ASSERT_TRUE(searches);
  EXPECT_EQ(searches->gallery.size(), 40U);
  EXPECT_EQ(searches->sizes, (std::vector<std::size_t>{40, 20, 10}));
  EXPECT_EQ(searches->searches.size(), 200U - 40U);
  for (const Search& s : searches->searches) {
    if (s.mate_entry) {
      EXPECT_EQ(set.subjects[searches->gallery[*s.mate_entry]], s.subject);
    } else {
      for (const std::uint32_t image : searches->gallery) EXPECT_NE(set.subjects[image], s.subject);
    }
    for (std::size_t i = 1; i < s.best_other.size(); ++i) {
      EXPECT_LE(s.best_other[i], s.best_other[i - 1]);
    }
  }
  const auto same = SearchGallery(set.view(), 1, 1);
  const auto other = SearchGallery(set.view(), 2, 1);
  EXPECT_EQ(same->gallery, searches->gallery);
  EXPECT_NE(other->gallery, searches->gallery);
}

TEST(IdentificationTest, CountsRanksGrowthAndGroups) {
  TestSet set = RandomSet(300, 50, 16, 11);
  set.failed.assign(set.size(), 0);
  const auto searches = SearchGallery(set.view(), 1, 2);
  ASSERT_TRUE(searches);
  Grouping grouping{"g", {"a", "b"}, {}};
  for (std::size_t i = 0; i < set.size(); ++i) {
    grouping.of_image.push_back(static_cast<std::uint16_t>(set.subjects[i] % 2));
  }
  IdentificationOptions options;
  options.fpirs = {0.1, 1e-6};
  options.thresholds = {0.5F};
  options.bootstrap = {1, 50, 2};
  const auto report = Identify(*searches, 50, std::span(&grouping, 1), options);
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->points[1].supported);
  std::vector<std::size_t> ranks;
  for (const RankPoint& point : report->ranks) {
    ranks.push_back(point.rank);
    EXPECT_NEAR(point.miss_rate.value * static_cast<double>(report->mated_searches),
                static_cast<double>(point.misses), 1e-9);
  }
  EXPECT_EQ(ranks, (std::vector<std::size_t>{1, 5, 10, 20}));
  ASSERT_EQ(report->growth.size(), 2U);
  EXPECT_EQ(report->growth[0].gallery, 25U);
  EXPECT_DOUBLE_EQ(report->growth[0].fpir[0].value, report->points[2].fpir.value);
  EXPECT_LE(report->growth[1].fpir[0].value, report->growth[0].fpir[0].value);
  ASSERT_EQ(report->groups.size(), 2U);  // two supported points
  const SearchGroupReport& groups = report->groups[1];
  EXPECT_EQ(groups.point, 2U);
  EXPECT_EQ(groups.groups[0].false_positives + groups.groups[1].false_positives,
            report->points[2].false_positives);
  EXPECT_EQ(groups.groups[0].mated + groups.groups[1].mated, report->mated_searches);
  EXPECT_EQ(groups.groups[0].misses + groups.groups[1].misses, report->points[2].misses);
}

TEST(IdentificationTest, AFailureFindsNobodyAndIsNotFound) {
  TestSet set = RandomSet(200, 40, 16, 2);
  set.failed.assign(set.size(), 1);
  const auto searches = SearchGallery(set.view(), 1, 1);
  ASSERT_TRUE(searches);
  IdentificationOptions options;
  options.bootstrap = {1, 5, 1};
  options.thresholds = {-1};
  const auto report = Identify(*searches, 40, {}, options);
  ASSERT_TRUE(report);
  const SearchPoint& point = report->points.back();
  EXPECT_EQ(point.false_positives, 0U);
  EXPECT_EQ(point.misses, report->mated_searches);
  EXPECT_EQ(report->ranks[0].misses, report->mated_searches);
}

TEST(IdentificationTest, FillersJoinEveryGalleryAndAreNeverSearchedFor) {
  TestSet set = RandomSet(200, 81, 16, 5);
  const auto plain = SearchGallery(set.view(), 1, 2);
  const TestSet fillers = RandomSet(120, 60, 16, 77);
  std::size_t usable = 0;
  for (std::size_t i = 0; i < fillers.size(); ++i) {
    set.subjects.push_back(81 + static_cast<std::uint32_t>(i));
    set.failed.push_back(fillers.failed[i]);
    usable += fillers.failed[i] == 0 ? 1 : 0;
  }
  set.values.insert(set.values.end(), fillers.values.begin(), fillers.values.end());
  const auto filled = SearchGallery(set.view(), 1, 2, 200);
  ASSERT_TRUE(plain && filled);
  ASSERT_EQ(filled->gallery.size(), 40 + usable);
  ASSERT_LT(usable, 120U);  // some failed
  EXPECT_TRUE(std::equal(plain->gallery.begin(), plain->gallery.end(), filled->gallery.begin()));
  EXPECT_EQ(filled->sizes, (std::vector<std::size_t>{40 + usable, (40 + usable) / 2, 40, 20, 10}));
  ASSERT_EQ(filled->searches.size(), plain->searches.size());
  for (std::size_t s = 0; s < plain->searches.size(); ++s) {
    const Search& search = filled->searches[s];
    EXPECT_EQ(search.image, plain->searches[s].image);
    EXPECT_EQ(search.mate, plain->searches[s].mate);
    EXPECT_EQ(search.best_other[2], plain->searches[s].best_other[0]);  // the people drawn alone
    float best = kNoScore;
    for (std::size_t e = 0; e < filled->gallery.size(); ++e) {
      if (search.mate_entry == e) continue;
      best = std::max(best, set.Score(search.image, filled->gallery[e]));
    }
    EXPECT_EQ(search.best_other[0], best);
  }
}

TEST(IdentificationTest, SearchesAGivenGalleryForGivenImages) {
  const TestSet set = RandomSet(60, 20, 16, 5);
  const std::vector<std::uint32_t> gallery{0, 1, 2, 3}, probes{25, 30, 41, 59};
  const SearchSet found = SearchFor(set.view(), gallery, probes, 1);
  ASSERT_EQ(found.searches.size(), 4U);
  for (const Search& search : found.searches) {
    float mate = kNoScore, best = kNoScore;
    bool enrolled = false;
    for (const std::uint32_t entry : gallery) {
      const bool same = set.subjects[entry] == set.subjects[search.image];
      enrolled = enrolled || same;
      (same ? mate : best) = std::max(same ? mate : best, set.Score(search.image, entry));
    }
    EXPECT_EQ(search.mate_entry.has_value(), enrolled);
    EXPECT_EQ(search.mate, mate);
    EXPECT_EQ(search.best_other.front(), best);
  }
}

TEST(IdentificationTest, NeedsPeopleOnBothSides) {
  const TestSet few = RandomSet(30, 19, 8, 1);
  EXPECT_EQ(SearchGallery(few.view(), 1, 1).error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace candid::eval
