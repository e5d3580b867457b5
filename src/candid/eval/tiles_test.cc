#include "candid/eval/tiles.h"

#include <gtest/gtest.h>

#include <random>

#include "candid/eval/tile_kernels.h"

namespace candid::eval {
namespace {

using gallery::SimdLevel;

class TileKernelTest : public testing::TestWithParam<SimdLevel> {};

TEST_P(TileKernelTest, GivesEveryInnerProductOfTheTile) {
  if (GetParam() > gallery::BestSimdLevel()) GTEST_SKIP() << "this CPU lacks the instructions";
  constexpr std::size_t kRows = Tiles::kBlockRows, kQueries = Tiles::kQueries, kDimension = 37;
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  std::vector<float> queries(kQueries * kDimension), block(kDimension * kRows);
  for (float& value : queries) value = normal(random);
  for (float& value : block) value = normal(random);
  std::vector<float> scores(kQueries * kRows);
  TileKernelFor(GetParam())(queries.data(), kDimension, block.data(), scores.data());
  for (std::size_t q = 0; q < kQueries; ++q) {
    for (std::size_t row = 0; row < kRows; ++row) {
      double sum = 0;
      for (std::size_t d = 0; d < kDimension; ++d) {
        sum += double{queries[q * kDimension + d]} * block[d * kRows + row];
      }
      EXPECT_NEAR(scores[q * kRows + row], sum, 1e-4) << "query " << q << ", row " << row;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, TileKernelTest,
                         testing::Values(SimdLevel::kScalar, SimdLevel::kAvx2, SimdLevel::kAvx512),
                         [](const auto& level) { return std::string(NameOf(level.param)); });

}  // namespace
}  // namespace candid::eval
