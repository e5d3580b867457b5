#include "candid/gallery/scan.h"

#include <algorithm>

namespace candid::gallery {

SimdLevel BestSimdLevel() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
    return SimdLevel::kAvx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return SimdLevel::kAvx2;
  return SimdLevel::kScalar;
}

std::string_view NameOf(SimdLevel level) {
  switch (level) {
    case SimdLevel::kScalar:
      return "scalar";
    case SimdLevel::kAvx2:
      return "avx2";
    case SimdLevel::kAvx512:
      return "avx512";
  }
  return "";
}

const Scan& ScanFor(SimdLevel level) {
  switch (std::min(level, BestSimdLevel())) {
    case SimdLevel::kAvx512:
      return kAvx512Scan;
    case SimdLevel::kAvx2:
      return kAvx2Scan;
    case SimdLevel::kScalar:
      break;
  }
  return kPlainScan;
}

}  // namespace candid::gallery
