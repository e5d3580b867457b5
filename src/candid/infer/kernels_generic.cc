// kernels.inc for one instruction set (flags in CMakeLists.txt).
#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

#include <cmath>

#include "candid/infer/kernels.h"

namespace candid::infer {
namespace {

#include "candid/infer/kernels.inc"

bool CpuHasIt() { return true; }

}  // namespace

const Kernels* GenericKernels() { return CpuHasIt() ? &kKernels : nullptr; }

}  // namespace candid::infer
