// Tiles: blocked inner products of many templates with many, every score wanted. (The gallery's
// kernels are made for a search: they look for the few above a floor.)
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "candid/eval/parallel.h"

namespace candid::eval {

// Templates interleaved in blocks of kBlockRows: one vector register holds the running scores of a
// block's rows, and nothing is summed across it. Const calls are thread-safe.
class Tiles {
 public:
  static constexpr std::size_t kBlockRows = 16;
  static constexpr std::size_t kQueries = 8;  // that share one reading of a block

  // `values`: n x dimension, row-major; copied. The last block is filled up with zeros.
  Tiles(std::span<const float> values, std::size_t dimension);

  std::size_t rows() const { return rows_; }
  std::size_t dimension() const { return dimension_; }
  std::size_t blocks() const { return (rows_ + kBlockRows - 1) / kBlockRows; }

  // Scores of kQueries templates, laid end to end at `queries`, with the block's rows: kQueries x
  // kBlockRows.
  void Score(const float* queries, std::size_t block, float* scores) const;

 private:
  const std::size_t dimension_;
  const std::size_t rows_;
  std::vector<float> interleaved_;
};

// Calls visit(thread, query, row, score) for every query (n x dimension, row-major) and every row
// of `tiles` from first_row(query) on. A query is one thread's, and its rows come in order; a score
// does not depend on the number of threads.
template <typename FirstRow, typename Visit>
void ForEachScore(const Tiles& tiles, std::span<const float> queries, std::size_t jobs,
                  const FirstRow& first_row, const Visit& visit) {
  constexpr std::size_t kRows = Tiles::kBlockRows, kQueries = Tiles::kQueries;
  const std::size_t dimension = tiles.dimension();
  const std::size_t n = queries.size() / dimension;
  ParallelFor((n + kQueries - 1) / kQueries, jobs, [&](std::size_t thread, std::size_t tile) {
    const std::size_t first = tile * kQueries, count = std::min(kQueries, n - first);
    std::vector<float> padded(kQueries * dimension);
    std::copy_n(queries.data() + first * dimension, count * dimension, padded.data());
    float scores[kQueries * kRows];
    std::size_t start = tiles.rows();
    for (std::size_t q = 0; q < count; ++q) start = std::min(start, first_row(first + q));
    for (std::size_t block = start / kRows; block < tiles.blocks(); ++block) {
      tiles.Score(padded.data(), block, scores);
      const std::size_t end = std::min((block + 1) * kRows, tiles.rows());
      for (std::size_t q = 0; q < count; ++q) {
        for (std::size_t row = std::max(block * kRows, first_row(first + q)); row < end; ++row) {
          visit(thread, first + q, row, scores[q * kRows + row % kRows]);
        }
      }
    }
  });
}

}  // namespace candid::eval
