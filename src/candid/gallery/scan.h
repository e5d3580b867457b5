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

struct Scan {
  // `queries`: dimension x count, figure d of query q at [d * count + q], so that a tile reads one
  // stream; count <= kTileQueries. Writes count x 16 scores; bit q of the result says whether one
  // of query q's reaches floors[q], so that most blocks are done with here.
  std::uint32_t (*f32)(const float* block, const float* queries, std::size_t count,
                       std::size_t dimension, const float* floors, float* scores);
  std::uint32_t (*bf16)(const std::uint16_t* block, const float* queries, std::size_t count,
                        std::size_t dimension, const float* floors, float* scores);
};

// For the best of `level` and what this CPU has.
const Scan& ScanFor(SimdLevel level);

extern const Scan kPlainScan;
extern const Scan kAvx2Scan;
extern const Scan kAvx512Scan;

}  // namespace candid::gallery
