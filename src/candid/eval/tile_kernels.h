// TileKernel: the inner loop of Tiles, a file for each instruction set.
#pragma once

#include <cstddef>

#include "candid/gallery/flat_index.h"

namespace candid::eval {

// Scores of Tiles::kQueries templates, laid end to end at `queries`, with the rows of one block.
using TileKernel = void(const float* queries, std::size_t dimension, const float* block,
                        float* scores);

TileKernel MultiplyPlain, MultiplyAvx2, MultiplyAvx512;

// For `level`, which the CPU must have.
TileKernel& TileKernelFor(gallery::SimdLevel level);

}  // namespace candid::eval
