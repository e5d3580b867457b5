#include "candid/models/low_rank.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace candid::models {
namespace {

Matrix Random(std::size_t rows, std::size_t columns, unsigned seed) {
  std::mt19937 random(seed);
  Matrix matrix{rows, columns, std::vector<double>(rows * columns)};
  for (double& value : matrix.values) value = static_cast<double>(random()) / 4294967296.0 - 0.5;
  return matrix;
}

double Inner(const Matrix& a, std::size_t i, const Matrix& b, std::size_t j) {
  double sum = 0;
  for (std::size_t k = 0; k < a.columns; ++k) sum += a.at(i, k) * b.at(j, k);
  return sum;
}

TEST(LowRankTest, DirectionsAreOrthonormal) {
  const Matrix directions = LeadingDirections(Random(12, 30, 1), 7);
  for (std::size_t i = 0; i < 7; ++i) {
    for (std::size_t j = 0; j < 7; ++j) {
      EXPECT_NEAR(Inner(directions, i, directions, j), i == j ? 1 : 0, 1e-12);
    }
  }
}

// A map of rank 5: the 5 directions keep every inner product of its outputs; 4 do not.
TEST(LowRankTest, KeepsInnerProductsUpToTheRank) {
  const Matrix map = Multiply(Random(16, 5, 2), Random(5, 20, 3));
  const Matrix inputs = Random(20, 8, 4);
  const auto error = [&](std::size_t rank) {
    const Matrix full = Multiply(map, inputs);
    const Matrix kept = Multiply(LeadingDirections(map, rank), full);
    double worst = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      for (std::size_t j = 0; j < 8; ++j) {
        double difference = 0;
        for (std::size_t k = 0; k < 16; ++k) difference += full.at(k, i) * full.at(k, j);
        for (std::size_t k = 0; k < rank; ++k) difference -= kept.at(k, i) * kept.at(k, j);
        worst = std::max(worst, std::abs(difference));
      }
    }
    return worst;
  };
  EXPECT_LT(error(5), 1e-12);
  EXPECT_GT(error(4), 1e-6);
}

}  // namespace
}  // namespace candid::models
