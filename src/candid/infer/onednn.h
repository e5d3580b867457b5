// The only door to oneDNN: 2.x and 3.x differ in onednn.cc and nowhere else.
#pragma once

#include <cstdint>
#include <memory>

#include "candid/infer/activation.h"
#include "candid/infer/kernels.h"
#include "candid/infer/tensor.h"
#include "candid/infer/weight_cache.h"
#include "candid/infer/window.h"

namespace candid::infer {

// The instructions that this CPU has and oneDNN may use. ONEDNN_MAX_CPU_ISA (AVX2, SSE41) lowers
// it, so that what older CPUs run can be tested on newer ones.
enum class CpuLevel { kBaseline, kAvx2, kAvx512Bf16 };
CpuLevel UsableCpu();

// While it lives, oneDNN and OpenMP use one thread on the calling thread; then as before.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

struct ConvolutionSpec {
  ElementType source = ElementType::kF32;
  ElementType target = ElementType::kF32;
  std::int64_t batch = 1, channels = 1, height = 1, width = 1, outputs = 1, groups = 1;
  Window window;
  bool residual = false;  // the target holds numbers to add to before the activation
  Activation activation;  // only what FusesActivation accepts
};

struct DenseSpec {
  ElementType source = ElementType::kF32;
  ElementType target = ElementType::kF32;
  std::int64_t rows = 1, inputs = 1, outputs = 1;
  Activation activation;
};

// One slope for all channels, and bounds.
bool FusesActivation(const Activation& activation);

// A primitive ready to run. One thread at a time; calls throw nothing.
class Primitive {
 public:
  virtual ~Primitive() = default;
  // `scratch`: scratch_bytes() of memory, 64-byte aligned, free between calls.
  virtual void Run(const void* source, void* target, void* scratch) = 0;
  virtual std::size_t scratch_bytes() const = 0;
  // oneDNN's name of the implementation, for profiles.
  virtual std::string name() const = 0;
};

// Channels-last source and target; weights [outputs][channels/groups][kh][kw], bias [outputs] or
// null. The laid-out weights go to `cache` under the weights' address. kUnsupported if oneDNN has
// no such primitive.
Result<std::unique_ptr<Primitive>> MakeConvolution(const ConvolutionSpec& spec,
                                                   const TensorPtr& weights, const TensorPtr& bias,
                                                   WeightCache* cache);

// rows x inputs times the transpose of weights [outputs][inputs].
Result<std::unique_ptr<Primitive>> MakeDense(const DenseSpec& spec, const TensorPtr& weights,
                                             const TensorPtr& bias, WeightCache* cache);

}  // namespace candid::infer
