// Scan: the scores of a run of templates against a few queries, the inner loop of exact search.
// One source (scan.inc) compiled once per instruction set; the plain form is the oracle.
#pragma once

#include <cstddef>
#include <cstdint>

#include "candid/gallery/flat_index.h"

namespace candid::gallery {

// Templates lie in blocks of 16, interleaved: figure d of the block's row r at [d * 16 + r], so
// that one register holds the running scores of 16 rows and nothing is summed across it.
inline constexpr std::size_t kBlockRows = 16;
// Queries that share one reading of a block.
inline constexpr std::size_t kTileQueries = 16;

// The fair score of query q and row r, written for a scan: the cosine times (slope_q + slope_r),
// less offset_r and offset_q, where slope = 1 / (2 deviation) and offset = mean / (2 deviation).
struct ScanTile {
  const float* queries = nullptr;  // dimension x count, figure d of query q at [d * count + q]
  const float* slopes = nullptr;   // of the queries
  const float* floors = nullptr;   // of the queries: what counts, plus offset_q
  std::size_t count = 0;           // at most kTileQueries
};

struct Scan {
  // `rows`: the slopes of the block's 16 rows, then their offsets. Writes count x 16 scores, to
  // which offset_q is still to be taken off; bit q of the result says whether one of query q's
  // reaches its floor, so that most blocks are done with here.
  std::uint32_t (*f32)(const float* block, const float* rows, const ScanTile& tile,
                       std::size_t dimension, float* scores);
  std::uint32_t (*bf16)(const std::uint16_t* block, const float* rows, const ScanTile& tile,
                        std::size_t dimension, float* scores);
};

// For the best of `level` and what this CPU has.
const Scan& ScanFor(SimdLevel level);

extern const Scan kPlainScan;
extern const Scan kAvx2Scan;
extern const Scan kAvx512Scan;

}  // namespace candid::gallery
