#include "candid/infer/kernels.h"

namespace candid::infer {

const Kernels& BestKernels() {
  if (const Kernels* kernels = Avx512Kernels()) return *kernels;
  if (const Kernels* kernels = Avx2Kernels()) return *kernels;
  return *GenericKernels();
}

}  // namespace candid::infer
