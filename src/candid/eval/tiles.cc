#include "candid/eval/tiles.h"

#include <cstring>

namespace candid::eval {
namespace {

using Lanes [[gnu::vector_size(Tiles::kBlockRows * sizeof(float))]] = float;

// The compiler splits Lanes into the registers there are.
__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) void Multiply(
    const float* queries, std::size_t dimension, const float* block, float* scores) {
  Lanes sums[Tiles::kQueries] = {};
  for (std::size_t d = 0; d < dimension; ++d) {
    Lanes column;
    std::memcpy(&column, block + d * Tiles::kBlockRows, sizeof(column));
#pragma GCC unroll 8
    for (std::size_t q = 0; q < Tiles::kQueries; ++q)
      sums[q] += queries[q * dimension + d] * column;
  }
  std::memcpy(scores, sums, sizeof(sums));
}

}  // namespace

Tiles::Tiles(std::span<const float> values, std::size_t dimension)
    : dimension_(dimension), rows_(values.size() / dimension) {
  interleaved_.resize(blocks() * dimension * kBlockRows);
  for (std::size_t i = 0; i < rows_; ++i) {
    float* block = interleaved_.data() + i / kBlockRows * dimension * kBlockRows;
    for (std::size_t d = 0; d < dimension; ++d) {
      block[d * kBlockRows + i % kBlockRows] = values[i * dimension + d];
    }
  }
}

void Tiles::Score(const float* queries, std::size_t block, float* scores) const {
  Multiply(queries, dimension_, interleaved_.data() + block * dimension_ * kBlockRows, scores);
}

}  // namespace candid::eval
