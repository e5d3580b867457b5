#include "candid/eval/suspects.h"

#include <gtest/gtest.h>

#include "candid/eval/testing_scores.h"

namespace candid::eval {
namespace {

TEST(SuspectsTest, FindsAPlantedLabelErrorFromBothSides) {
  // Tight people with ten images each; one image moves to another's folder.
  TestSet set;
  set.dimension = 64;
  std::mt19937 random(4);
  std::normal_distribution<float> normal;
  for (std::uint32_t person = 0; person < 12; ++person) {
    std::vector<float> centre(64);
    for (float& v : centre) v = normal(random);
    for (int i = 0; i < 10; ++i) {
      std::vector<float> row(64);
      float square = 0;
      for (std::size_t k = 0; k < 64; ++k) {
        row[k] = centre[k] + 0.6F * normal(random);
        square += row[k] * row[k];
      }
      for (const float v : row) set.values.push_back(v / std::sqrt(square));
      set.subjects.push_back(person);
      set.failed.push_back(0);
    }
  }
  std::vector<Digest> digests(set.size());
  for (std::uint8_t i = 0; i < set.size(); ++i) digests[i] = Sha256(ByteSpan(&i, 1));
  const auto clean = ScoreAllPairs(set.view());
  ASSERT_TRUE(clean);
  EXPECT_TRUE(FindSuspects(*clean, set.subjects, digests, 0.45F).outsiders.empty());

  set.subjects[31] = 9;
  digests[50] = digests[20];
  const auto scores = ScoreAllPairs(set.view());
  ASSERT_TRUE(scores);
  const Suspects suspects = FindSuspects(*scores, set.subjects, digests, 0.45F);
  EXPECT_EQ(suspects.outsiders, (std::vector<std::uint32_t>{31}));
  ASSERT_FALSE(suspects.look_alikes.empty());
  for (const ScoredPair& pair : suspects.look_alikes) EXPECT_TRUE(pair.a == 31 || pair.b == 31);
  ASSERT_EQ(suspects.duplicates.size(), 1U);
  EXPECT_EQ(suspects.duplicates[0].a, 20U);
  EXPECT_EQ(suspects.duplicates[0].b, 50U);
  EXPECT_TRUE(suspects.suspect[31] && suspects.suspect[20] && suspects.suspect[50]);
  EXPECT_FALSE(suspects.suspect[0]);
}

TEST(SuspectsTest, UnreadableFilesAreNoDuplicates) {
  PairScores scores;
  const std::vector<std::uint32_t> subjects = {0, 1};
  const std::vector<Digest> digests(2);
  EXPECT_TRUE(FindSuspects(scores, subjects, digests, 0.5F).duplicates.empty());
}

}  // namespace
}  // namespace candid::eval
