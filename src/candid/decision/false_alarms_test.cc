#include "candid/decision/false_alarms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "candid/decision/ages.h"
#include "candid/decision/testing_tables.h"

namespace candid::decision {
namespace {

TEST(FalseAlarms, AreReadStrictly) {
  EXPECT_EQ(ParseFalseAlarms("1/10000").value(), 10000u);
  EXPECT_EQ(ParseFalseAlarms("1/2").value(), 2u);
  EXPECT_EQ(FormatFalseAlarms(10000), "1/10000");
  for (const char* wrong : {"", "1", "1/", "1/1", "1/0", "2/100", "1/-5", "1/1e4", "1/ 10", "0.1",
                            "1/10000 ", "1/99999999999999999999", "1/2000000000", "1/10.5"}) {
    const auto read = ParseFalseAlarms(wrong);
    ASSERT_FALSE(read) << wrong;
    EXPECT_EQ(read.error().code(), Code::kInvalidArgument);
    EXPECT_NE(read.error().message().find("1/10000"), std::string::npos);
  }
}

TEST(FalseAlarms, AgreeWithHandComputedRates) {
  EXPECT_NEAR(FpirOf(1e-3, 1441, 1), 1 - std::pow(0.999, 1441), 1e-12);
  EXPECT_NEAR(FpirOf(1e-3, 1000, 0.8), 1 - std::pow(0.999, 800), 1e-12);
  EXPECT_NEAR(FpirOf(1e-12, 1000, 1), 1e-9, 1e-17);
  EXPECT_DOUBLE_EQ(FpirOf(0.1, 0, 1), 0);
  EXPECT_DOUBLE_EQ(FpirOf(1, 10, 1), 1);
  for (const double fpir : {0.9, 0.1, 1e-4, 1e-9}) {
    for (const double n : {1.0, 10.0, 1e5, 1e7}) {
      EXPECT_NEAR(FpirOf(FmrFor(fpir, n, 0.8), n, 0.8) / fpir, 1, 1e-9);
    }
  }
  const Scale scale(TwoGroups());
  EXPECT_NEAR(ExpectedFalseMatches(scale, 0.52, 100), 0.1, 1e-9);
}

TEST(FalseAlarms, RaiseTheScoreWithTheGallery) {
  const Scale scale(TwoGroups());
  double before = -std::numeric_limits<double>::infinity();
  EXPECT_EQ(ScoreForFalseAlarms(scale, 10000, 0), before);
  EXPECT_EQ(ScoreForFalseAlarms(scale, 0, 1000), before);
  for (std::uint64_t gallery = 1; gallery < 10'000'000; gallery *= 3) {
    const double score = ScoreForFalseAlarms(scale, 10000, gallery);
    EXPECT_GE(score, before);
    before = score;
  }
  // 1e-4 in a gallery of a million wants 1.25e-10 (factor 0.8): no score is known for it.
  EXPECT_EQ(ScoreForFalseAlarms(scale, 10000, 1'000'000), std::numeric_limits<double>::infinity());
  // Ten people, factor 0.8: FMR 1.25e-5.
  EXPECT_NEAR(scale.RateOf(ScoreForFalseAlarms(scale, 10000, 10)).fmr, 1.25e-5, 1e-9);
}

// Strangers whose scores follow the table exactly: the promise holds within the interval of so many
// searches (3.3 standard deviations: one in a thousand), for galleries of any size.
TEST(FalseAlarms, ThePromiseHoldsOnKnownScores) {
  Calibration table = TwoGroups();
  table.groups.pop_back();
  table.growth = {};
  const Scale scale(table);
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> uniform(0, 1);
  const struct {
    std::uint64_t gallery;
    OneIn one_in;
    int searches;
  } cases[] = {{10, 20, 50'000},
               {10, 1000, 200'000},
               {1000, 10, 4000},
               {1000, 50, 4000},
               {100'000, 10, 400}};
  for (const auto& one : cases) {
    const double threshold = ScoreForFalseAlarms(scale, one.one_in, one.gallery);
    // P(score >= s) = 10^-(2 + (s - 0.35) / 0.1): a draw below it is a score above the threshold.
    const double rate = std::pow(10, -(2 + (threshold - 0.35) / 0.1));
    int alarms = 0;
    for (int search = 0; search < one.searches; ++search) {
      bool any = false;
      for (std::uint64_t i = 0; i < one.gallery; ++i) any |= uniform(random) < rate;
      alarms += any ? 1 : 0;
    }
    const double promised = 1 / static_cast<double>(one.one_in);
    const double deviation = std::sqrt(promised * (1 - promised) / one.searches);
    EXPECT_NEAR(static_cast<double>(alarms) / one.searches, promised, 3.3 * deviation)
        << one.gallery << " " << one.one_in;
  }
}

// Clustered comparisons alarm less often than independent ones; the factor makes up for it.
TEST(FalseAlarms, TheMeasuredFactorCorrectsThePromise) {
  Calibration table = TwoGroups();
  table.groups.pop_back();
  table.growth = {0.5, {0.5, 0.5}, 1000, {1000}};
  const Scale scale(table);
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> uniform(0, 1);
  const std::uint64_t gallery = 1000;
  const double threshold = ScoreForFalseAlarms(scale, 100, gallery);
  int alarms = 0;
  const int searches = 10'000;
  for (int search = 0; search < searches; ++search) {
    bool any = false;  // everybody is there twice with the same score
    for (std::uint64_t i = 0; i < gallery / 2; ++i) {
      any |= 0.35 + 0.1 * (-std::log10(1 - uniform(random)) - 2) >= threshold;
    }
    alarms += any ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(alarms) / searches, 0.01,
              3.3 * std::sqrt(0.01 * 0.99 / searches));
}

TEST(Ages, AreDeclinedBelowTheTables) {
  EXPECT_FALSE(DeclinesAge(std::nullopt, 15.3));
  EXPECT_FALSE(DeclinesAge(3.0f, std::nullopt));
  EXPECT_TRUE(DeclinesAge(15.2f, 15.3));
  EXPECT_FALSE(DeclinesAge(15.4f, 15.3));
  EXPECT_TRUE(DeclinesAge(std::numeric_limits<float>::quiet_NaN(), 15.3));
}

}  // namespace
}  // namespace candid::decision
