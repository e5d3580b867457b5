// FlatIndex: exact search by reading every template once per batch of queries.
#pragma once

#include <memory>
#include <string_view>

#include "candid/gallery/index.h"

namespace candid::gallery {

// The instruction sets the kernels are written for, each in a file of its own.
enum class SimdLevel { kScalar, kAvx2, kAvx512 };
SimdLevel BestSimdLevel();  // of this CPU
std::string_view NameOf(SimdLevel level);

enum class Storage {
  kF32,   // exact
  kBf16,  // half the memory; the best of a scan are scored again from what is stored
};

struct FlatOptions {
  Storage storage = Storage::kF32;
  SimdLevel level = BestSimdLevel();
};

std::unique_ptr<Index> MakeFlatIndex(std::size_t dimension, const FlatOptions& options = {});

}  // namespace candid::gallery
