#include "candid/eval/tiles.h"

#include "candid/eval/tile_kernels.h"

namespace candid::eval {

TileKernel& TileKernelFor(gallery::SimdLevel level) {
  switch (level) {
    case gallery::SimdLevel::kAvx512:
      return MultiplyAvx512;
    case gallery::SimdLevel::kAvx2:
      return MultiplyAvx2;
    case gallery::SimdLevel::kScalar:
      break;
  }
  return MultiplyPlain;
}

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
  static TileKernel& multiply = TileKernelFor(gallery::BestSimdLevel());
  multiply(queries, dimension_, interleaved_.data() + block * dimension_ * kBlockRows, scores);
}

}  // namespace candid::eval
