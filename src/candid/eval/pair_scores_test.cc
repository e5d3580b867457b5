#include "candid/eval/pair_scores.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "candid/eval/testing_scores.h"

namespace candid::eval {
namespace {

bool Before(const ScoredPair& x, const ScoredPair& y) {
  if (x.score != y.score) return x.score > y.score;
  return x.a != y.a ? x.a < y.a : x.b < y.b;
}

struct Direct {
  std::vector<ScoredPair> mated, impostors;
};

Direct ScoreDirectly(const TestSet& set) {
  Direct out;
  for (std::uint32_t a = 0; a < set.size(); ++a) {
    for (std::uint32_t b = a + 1; b < set.size(); ++b) {
      const ScoredPair pair{set.Score(a, b), a, b};
      (set.subjects[a] == set.subjects[b] ? out.mated : out.impostors).push_back(pair);
    }
  }
  std::sort(out.mated.begin(), out.mated.end(), Before);
  std::sort(out.impostors.begin(), out.impostors.end(), Before);
  return out;
}

TEST(PairScoresTest, AgreesWithADirectDoubleLoop) {
  // Sizes around the blocks' edges.
  for (const std::size_t images : {2U, 15U, 16U, 17U, 33U, 203U}) {
    const TestSet set = RandomSet(images, images / 3 + 1, 37, static_cast<unsigned>(images));
    const Direct direct = ScoreDirectly(set);
    const auto scores = ScoreAllPairs(set.view(), {3, 1, -1});
    ASSERT_TRUE(scores) << scores.error().message();
    EXPECT_EQ(scores->mated, direct.mated);
    EXPECT_EQ(scores->mated_pairs, direct.mated.size());
    EXPECT_EQ(scores->impostor_pairs, direct.impostors.size());
    std::vector<ScoredPair> scored = direct.impostors;
    std::erase_if(scored, [](const ScoredPair& pair) { return pair.score == kNoScore; });
    EXPECT_EQ(scores->tail, scored);  // few enough to be there down to the last
    EXPECT_EQ(std::accumulate(scores->impostor_bins.begin(), scores->impostor_bins.end(), 0U),
              scored.size());
    EXPECT_TRUE(scores->Covers(-1));
  }
}

TEST(PairScoresTest, ScoresByTheFiguresOfEitherSide) {
  TestSet set = RandomSet(150, 40, 24, 3);
  for (std::size_t i = 0; i < set.size(); ++i) {
    set.figures.push_back({static_cast<float>(i % 7) / 20, 0.5F + static_cast<float>(i % 5) / 4});
  }
  const Direct direct = ScoreDirectly(set);
  const auto scores = ScoreAllPairs(set.view(), {2, 1, -2});
  ASSERT_TRUE(scores) << scores.error().message();
  EXPECT_EQ(scores->mated, direct.mated);
  ASSERT_FALSE(scores->tail.empty());
  EXPECT_EQ(scores->tail.front(), direct.impostors.front());
  set.figures[7].deviation = 0;
  EXPECT_EQ(ScoreAllPairs(set.view()).error().code(), Code::kInvalidArgument);
  set.figures.resize(3);
  EXPECT_EQ(ScoreAllPairs(set.view()).error().code(), Code::kInvalidArgument);
}

TEST(PairScoresTest, DoesNotDependOnTheThreads) {
  const TestSet set = RandomSet(300, 80, 64, 9);
  const auto one = ScoreAllPairs(set.view(), {1, 0.01, 1});
  const auto four = ScoreAllPairs(set.view(), {4, 0.01, 1});
  ASSERT_TRUE(one && four);
  EXPECT_EQ(one->tail, four->tail);
  EXPECT_EQ(one->mated, four->mated);
  EXPECT_EQ(one->impostor_bins, four->impostor_bins);
}

TEST(PairScoresTest, TheTailIsWholeFromItsFloorUpwards) {
  const TestSet set = RandomSet(900, 900, 8, 3);
  const Direct direct = ScoreDirectly(set);
  const auto scores = ScoreAllPairs(set.view(), {2, 0, 1});
  ASSERT_TRUE(scores);
  ASSERT_LT(scores->tail.size(), direct.impostors.size());
  EXPECT_GE(scores->tail.size(), kLeastTail);
  EXPECT_TRUE(std::equal(scores->tail.begin(), scores->tail.end(), direct.impostors.begin()));
  EXPECT_FALSE(scores->Covers(direct.impostors[scores->tail.size()].score));
  EXPECT_TRUE(scores->Covers(scores->tail.back().score));
  const auto deeper = ScoreAllPairs(set.view(), {2, 0, -0.5F});
  ASSERT_TRUE(deeper);
  EXPECT_TRUE(deeper->Covers(-0.5F));
}

TEST(PairScoresTest, RefusesWhatItCannotScore) {
  const TestSet good = RandomSet(4, 2, 8, 1);
  EXPECT_TRUE(ScoreAllPairs(good.view()));
  EXPECT_FALSE(ScoreAllPairs(good.view(), {1, 2, 1}));
  TestSet bad = good;
  bad.failed.assign(4, 0);
  bad.values[0] = std::nanf("");
  EXPECT_EQ(ScoreAllPairs(bad.view()).error().code(), Code::kInvalidArgument);
  bad.failed[0] = 1;  // its row is not read
  EXPECT_TRUE(ScoreAllPairs(bad.view()));
  bad.subjects[1] = 1U << 20;
  EXPECT_FALSE(ScoreAllPairs(bad.view()));
  bad = good;
  bad.failed.pop_back();
  EXPECT_FALSE(ScoreAllPairs(bad.view()));
}

}  // namespace
}  // namespace candid::eval
