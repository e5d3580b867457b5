#include "candid/gallery/flat_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <thread>

#include "candid/decision/fair_score.h"

namespace candid::gallery {
namespace {

constexpr std::size_t kDimension = 24;

std::vector<float> RandomUnit(std::mt19937* random) {
  std::normal_distribution<float> normal;
  std::vector<float> values(kDimension);
  float sum = 0;
  for (float& value : values) value = normal(*random), sum += value * value;
  for (float& value : values) value /= std::sqrt(sum);
  return values;
}

Figures RandomFigures(std::mt19937* random) {
  std::uniform_real_distribution<float> mean(-0.3f, 0.3f), deviation(0.5f, 2);
  return {mean(*random), deviation(*random)};
}

// Queries of average templates.
struct Average {
  explicit Average(std::span<const float> v) : values(v), figures(v.size() / kDimension) {}
  operator Queries() const { return {values, figures}; }
  std::span<const float> values;
  std::vector<Figures> figures;
};

struct Case {
  Storage storage;
  SimdLevel level;
};

class FlatIndexTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (GetParam().level > BestSimdLevel()) GTEST_SKIP() << "this CPU lacks the instructions";
    index_ = MakeFlatIndex(kDimension, {GetParam().storage, GetParam().level});
  }

  Status Add(Key key, const std::vector<float>& values, Figures figures = {}) {
    return index_->Add({&key, 1}, values, {&figures, 1});
  }

  std::unique_ptr<Index> index_;
  std::mt19937 random_{7};
};

TEST_P(FlatIndexTest, AnswersLikeANaiveSearchThroughChanges) {
  std::map<Key, std::pair<std::vector<float>, Figures>> truth;
  Key next = 1;
  for (int step = 0; step < 600; ++step) {
    if (random_() % 3 != 0 || truth.empty()) {
      const std::vector<float> values = RandomUnit(&random_);
      const Figures figures = RandomFigures(&random_);
      ASSERT_TRUE(Add(next, values, figures));
      truth[next++] = {values, figures};
    } else {
      auto victim = truth.begin();
      std::advance(victim, random_() % truth.size());
      const Key key = victim->first;
      ASSERT_EQ(index_->Remove({&key, 1}), 1u);
      truth.erase(victim);
    }
    ASSERT_EQ(index_->size(), truth.size());
    if (step % 20 != 0) continue;
    const std::vector<float> query = RandomUnit(&random_);
    const Figures asked = RandomFigures(&random_);
    std::vector<std::pair<float, Key>> expected;
    for (const auto& [key, entry] : truth) {
      float cosine = 0;
      for (std::size_t d = 0; d < kDimension; ++d) cosine += entry.first[d] * query[d];
      expected.emplace_back(decision::FairScore(cosine, asked, entry.second), key);
    }
    std::sort(expected.rbegin(), expected.rend());
    const auto found = index_->Search({query, {&asked, 1}}, 5);
    ASSERT_TRUE(found);
    ASSERT_EQ((*found)[0].size(), std::min<std::size_t>(5, truth.size()));
    const float tolerance = GetParam().storage == Storage::kBf16 ? 1e-2f : 1e-5f;
    for (std::size_t i = 0; i < (*found)[0].size(); ++i) {
      EXPECT_NEAR((*found)[0][i].score, expected[i].first, tolerance);
    }
  }
}

TEST_P(FlatIndexTest, OrdersTiesByKey) {
  const std::vector<float> values = RandomUnit(&random_);
  for (const Key key : {40, 7, 23, 5, 90}) ASSERT_TRUE(Add(key, values, {0.25f, 0.5f}));
  const auto found = index_->Search(Average(values), 3);
  ASSERT_TRUE(found);
  std::vector<Key> keys;
  for (const Candidate& candidate : (*found)[0]) keys.push_back(candidate.key);
  EXPECT_EQ(keys, (std::vector<Key>{5, 7, 23}));
}

TEST_P(FlatIndexTest, RangeHoldsEveryOneAtOrAboveTheThreshold) {
  for (Key key = 1; key <= 500; ++key) {
    ASSERT_TRUE(Add(key, RandomUnit(&random_), RandomFigures(&random_)));
  }
  const std::vector<float> values = RandomUnit(&random_);
  const Figures figures = RandomFigures(&random_);
  const Queries query{values, {&figures, 1}};
  const auto all = index_->Search(query, 500);
  const float threshold = (*all)[0][37].score;
  const auto within = index_->SearchRange(query, threshold, 4096);
  ASSERT_TRUE(within);
  ASSERT_EQ((*within)[0].size(), 38u);
  EXPECT_TRUE(std::equal((*within)[0].begin(), (*within)[0].end(), (*all)[0].begin()));
  EXPECT_EQ((*index_->SearchRange(query, threshold, 10))[0].size(), 10u);
  EXPECT_TRUE((*index_->SearchRange(query, 8, 10))[0].empty());
}

TEST_P(FlatIndexTest, GivesTheSameBitsAsTheScalarOracle) {
  const auto oracle = MakeFlatIndex(kDimension, {GetParam().storage, SimdLevel::kScalar});
  // More rows than one allocation holds; 31 queries make tiles of every size.
  std::vector<Key> keys(17'000);
  std::iota(keys.begin(), keys.end(), 1);
  std::vector<float> templates, asked;
  std::vector<Figures> figures, asked_figures;
  for (const Key key : keys) {
    const std::vector<float> values = RandomUnit(&random_);
    templates.insert(templates.end(), values.begin(), values.end());
    figures.push_back(RandomFigures(&random_));
    if (key % 540 != 0) continue;
    asked.insert(asked.end(), values.begin(), values.end());
    asked_figures.push_back(figures.back());
  }
  ASSERT_TRUE(index_->Add(keys, templates, figures));
  ASSERT_TRUE(oracle->Add(keys, templates, figures));
  const Queries queries{asked, asked_figures};
  EXPECT_EQ(*index_->Search(queries, 20), *oracle->Search(queries, 20));
}

TEST_P(FlatIndexTest, AddsAllOrNothing) {
  const std::vector<float> one = RandomUnit(&random_);
  std::vector<float> two = one;
  two.insert(two.end(), one.begin(), one.end());
  std::vector<Figures> figures(2);
  ASSERT_TRUE(Add(1, one));
  EXPECT_EQ(index_->Add(std::vector<Key>{2, 1}, two, figures).error().code(), Code::kAlreadyExists);
  EXPECT_EQ(index_->Add(std::vector<Key>{3, 3}, two, figures).error().code(), Code::kAlreadyExists);
  EXPECT_EQ(index_->Add(std::vector<Key>{4}, two, figures).error().code(), Code::kInvalidArgument);
  figures[1].deviation = 0.1f;
  EXPECT_EQ(index_->Add(std::vector<Key>{5, 6}, two, figures).error().code(),
            Code::kInvalidArgument);
  figures[1].deviation = NAN;
  EXPECT_EQ(index_->Add(std::vector<Key>{5, 6}, two, figures).error().code(),
            Code::kInvalidArgument);
  figures[1] = {};
  two[30] = NAN;
  EXPECT_EQ(index_->Add(std::vector<Key>{5, 6}, two, figures).error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(index_->size(), 1u);
}

TEST_P(FlatIndexTest, DefinesTheEdges) {
  const std::vector<float> values = RandomUnit(&random_);
  const Average query(values);
  EXPECT_TRUE((*index_->Search(query, 5))[0].empty());
  EXPECT_TRUE(index_->Search({}, 5)->empty());
  ASSERT_TRUE(Add(1, values));
  EXPECT_TRUE((*index_->Search(query, 0))[0].empty());
  EXPECT_EQ((*index_->Search(query, 4096))[0].size(), 1u);
  const std::vector<float> short_one(kDimension - 1), no_number(kDimension, NAN);
  EXPECT_FALSE(index_->Search(Average(short_one), 1));
  EXPECT_FALSE(index_->Search(Average(no_number), 1));
  EXPECT_FALSE(index_->Search({values, {}}, 1));
  const Figures wild{0, 9};
  EXPECT_FALSE(index_->Search({values, {&wild, 1}}, 1));
  const Key stranger = 99;
  EXPECT_EQ(index_->Remove({&stranger, 1}), 0u);
}

TEST_P(FlatIndexTest, SearchesWhileOthersAddAndRemove) {
  const std::vector<float> kept = RandomUnit(&random_);
  ASSERT_TRUE(Add(1, kept));
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    std::mt19937 random(3);
    for (Key key = 2; key < 400; ++key) {
      EXPECT_TRUE(Add(key, RandomUnit(&random)));
      const Key old = key - 1;
      if (key > 2 && key % 2 == 0) index_->Remove({&old, 1});
    }
    stop = true;
  });
  while (!stop) {
    const auto found = index_->Search(Average(kept), 1);
    ASSERT_TRUE(found);
    EXPECT_EQ((*found)[0][0].key, 1u);
  }
  writer.join();
}

INSTANTIATE_TEST_SUITE_P(Levels, FlatIndexTest,
                         testing::Values(Case{Storage::kF32, SimdLevel::kScalar},
                                         Case{Storage::kF32, SimdLevel::kAvx2},
                                         Case{Storage::kF32, SimdLevel::kAvx512},
                                         Case{Storage::kBf16, SimdLevel::kScalar},
                                         Case{Storage::kBf16, SimdLevel::kAvx2},
                                         Case{Storage::kBf16, SimdLevel::kAvx512}));

}  // namespace
}  // namespace candid::gallery
