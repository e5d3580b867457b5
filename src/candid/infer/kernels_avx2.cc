// kernels.inc for one instruction set (flags in CMakeLists.txt).
#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

#include <cmath>

#include "candid/infer/kernels.h"

namespace candid::infer {
namespace {

#include "candid/infer/kernels.inc"

bool CpuHasIt() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}

}  // namespace

const Kernels* Avx2Kernels() { return CpuHasIt() ? &kKernels : nullptr; }

}  // namespace candid::infer
