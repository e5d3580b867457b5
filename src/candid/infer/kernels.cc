#include "candid/infer/kernels.h"

#include "candid/infer/onednn.h"

namespace candid::infer {

const Kernels& BestKernels() {
  const CpuLevel level = UsableCpu();
  if (level >= CpuLevel::kAvx512Bf16 && Avx512Kernels() != nullptr) return *Avx512Kernels();
  if (level >= CpuLevel::kAvx2 && Avx2Kernels() != nullptr) return *Avx2Kernels();
  return *GenericKernels();
}

}  // namespace candid::infer
