#include "candid/eval/folds.h"

#include <gtest/gtest.h>

#include <cmath>

namespace candid::eval {
namespace {

// Image 0 lies along the first axis, image i has score scores[i - 1] with it.
struct Pairs {
  std::vector<float> values{1, 0};
  std::vector<std::uint32_t> subjects{0};
  std::vector<std::uint8_t> failed{0};
  std::vector<ListedPair> pairs;

  void Add(float score, bool same, const std::string& fold = "") {
    values.insert(values.end(), {score, std::sqrt(1 - score * score)});
    pairs.push_back({0, static_cast<std::uint32_t>(subjects.size()), same, fold});
    subjects.push_back(static_cast<std::uint32_t>(subjects.size()));
    failed.push_back(0);
  }
  Result<FoldReport> Measure() const { return MeasureFolds(pairs, {values, 2, subjects, failed}); }
};

TEST(FoldsTest, ThresholdsComeFromTheOtherFolds) {
  Pairs set;
  // Fold a alone would take 0.9, fold b alone 0.2.
  set.Add(0.9F, true, "a");
  set.Add(0.5F, false, "a");
  set.Add(0.3F, true, "b");
  set.Add(0.2F, true, "b");
  set.Add(0.1F, false, "b");
  const auto report = set.Measure();
  ASSERT_TRUE(report);
  ASSERT_EQ(report->accuracies.size(), 2U);
  // On b the threshold 0.9 of a: the two mates are missed, the impostor is not accepted.
  EXPECT_DOUBLE_EQ(report->accuracies[1], 1.0 / 3);
  // On a the threshold 0.2 of b: the mate and the impostor are accepted.
  EXPECT_DOUBLE_EQ(report->accuracies[0], 0.5);
  EXPECT_DOUBLE_EQ(report->accuracy, (0.5 + 1.0 / 3) / 2);
  EXPECT_NEAR(report->standard_error, (0.5 - 1.0 / 3) / 2, 1e-12);
}

TEST(FoldsTest, AFailureIsARejection) {
  Pairs set;
  for (int i = 0; i < 20; ++i) {
    set.Add(0.9F, true);
    set.Add(0.1F, false);
  }
  EXPECT_EQ(set.Measure()->accuracy, 1);
  set.failed[1] = 1;  // of the first mated pair
  set.failed[2] = 1;  // of the first impostor pair
  EXPECT_NEAR(set.Measure()->accuracy, 1 - 0.25 / 10, 1e-12);
  EXPECT_EQ(set.Measure()->mated, 20U);
}

TEST(FoldsTest, NeedsPairsInEveryFold) {
  Pairs set;
  EXPECT_FALSE(set.Measure());
  set.Add(0.9F, true);
  set.Add(0.1F, false);
  EXPECT_EQ(set.Measure().error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace candid::eval
