#include <fmt/format.h>

#include "candid/infer/kernels.h"
#include "candid/infer/onednn.h"
#include "candid/infer/session.h"

namespace candid::infer {

Precision BestPrecision() {
  // oneDNN's convolutions and our kernels must both have it.
  const bool native = UsableCpu() >= CpuLevel::kAvx512Bf16 && Avx512Kernels() != nullptr;
  return native ? Precision::kBf16 : Precision::kF32;
}

std::string_view NameOf(Precision precision) {
  return precision == Precision::kBf16 ? "bf16" : "f32";
}

Result<Precision> ParsePrecision(std::string_view name) {
  if (name == "auto") return BestPrecision();
  if (name == "f32") return Precision::kF32;
  if (name == "bf16") return Precision::kBf16;
  return Fail(Code::kInvalidArgument,
              fmt::format("'{}' is no precision; use auto, f32 or bf16", name));
}

}  // namespace candid::infer
