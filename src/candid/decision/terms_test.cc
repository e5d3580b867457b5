#include "candid/decision/terms.h"

#include <gtest/gtest.h>

#include <cmath>

#include "candid/decision/testing_tables.h"

namespace candid::decision {
namespace {

TEST(Terms, AreTheCallersWithoutAPromise) {
  const Scale scale(TwoGroups());
  const auto terms = TermsOf(scale, {80, 0, 50});
  ASSERT_TRUE(terms);
  EXPECT_DOUBLE_EQ(terms->similarity, 80);
  EXPECT_NEAR(terms->score, 0.52, 1e-9);
  EXPECT_FALSE(terms->promised);
  EXPECT_NEAR(terms->rate->fmr, 1e-3, 1e-9);
  EXPECT_EQ(terms->rate->group, "worse");
  EXPECT_NEAR(terms->expected_false_matches, 0.05, 1e-9);
  EXPECT_EQ(terms->warning, "");
  EXPECT_TRUE(terms->Take(0.53, 81));
  EXPECT_FALSE(terms->Take(0.53, 79.9));
  // What an answer called a match's similarity is a threshold that the match reaches.
  for (double score = 0.3; score < 1; score += 0.0137) {
    const double similarity = scale.SimilarityOf(score);
    EXPECT_TRUE(TermsOf(scale, {similarity, 0, 50})->Take(score, similarity));
  }
}

TEST(Terms, WarnOfMoreThanOneFalseMatchInTenSearches) {
  const Scale scale(TwoGroups());
  EXPECT_EQ(TermsOf(scale, {80, 0, 99})->warning, "");
  const auto terms = TermsOf(scale, {80, 0, 101});
  EXPECT_NE(terms->warning.find("among 101 faces is expected to return 0.1 wrong matches"),
            std::string::npos)
      << terms->warning;
  EXPECT_EQ(TermsOf(scale, {99, 0, 90'000})->warning, "");
  EXPECT_NE(TermsOf(scale, {99, 0, 200'000})->warning, "");
}

TEST(Terms, TakeTheStricterOfCallerAndPromise) {
  const Scale scale(TwoGroups());
  // 1 in 100 among 10 faces (factor 0.8): FMR 1.26e-3, less than similarity 80 asks.
  const auto caller = TermsOf(scale, {80, 100, 10});
  EXPECT_FALSE(caller->promised);
  EXPECT_NEAR(caller->rate->fmr, 1e-3, 1e-9);
  const auto promise = TermsOf(scale, {80, 100, 1000});
  EXPECT_TRUE(promise->promised);
  EXPECT_NEAR(promise->rate->fmr / (-std::log1p(-0.01) / 800), 1, 1e-3);
  EXPECT_GT(promise->similarity, 80);
  EXPECT_NEAR(scale.SimilarityOf(promise->score), promise->similarity, 1e-9);
  // It rises with the gallery, and never falls below the caller's.
  double before = 0;
  for (std::uint64_t gallery = 0; gallery < 100'000; gallery = gallery * 2 + 1) {
    const auto terms = TermsOf(scale, {50, 1000, gallery});
    EXPECT_GE(terms->similarity, before);
    before = terms->similarity;
  }
}

TEST(Terms, LetNothingMatchWhereNoRateIsKnown) {
  const Scale scale(TwoGroups());
  const auto terms = TermsOf(scale, {80, 1'000'000, 1'000'000});
  EXPECT_TRUE(std::isinf(terms->score));
  EXPECT_FALSE(terms->Take(1.0, 100));
  EXPECT_EQ(terms->rate->basis, Basis::kBound);
  EXPECT_NE(terms->warning.find("Nothing can match"), std::string::npos);
}

TEST(Terms, WithoutACalibrationPromiseNothing) {
  const auto terms = TermsOf(Scale(), {80, 0, 1'000'000});
  ASSERT_TRUE(terms);
  EXPECT_FALSE(terms->rate);
  EXPECT_EQ(terms->warning, "");
  const auto promised = TermsOf(Scale(), {80, 10'000, 10});
  ASSERT_FALSE(promised);
  EXPECT_EQ(promised.error().code(), Code::kConflict);
  EXPECT_NE(promised.error().message().find("candid calibrate"), std::string::npos);
}

TEST(Terms, AZeroThresholdTakesEverything) {
  const auto terms = TermsOf(Scale(TwoGroups()), {0, 0, 10});
  EXPECT_TRUE(terms->Take(-5, 0));
  EXPECT_EQ(terms->rate->basis, Basis::kBound);
}

}  // namespace
}  // namespace candid::decision
