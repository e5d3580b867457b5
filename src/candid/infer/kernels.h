// Kernels: our own passes over tensors, one implementation per instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace candid::infer {

// bf16: the upper half of a float.
enum class ElementType : std::uint8_t { kF32, kBf16 };

inline std::size_t SizeOf(ElementType type) { return type == ElementType::kF32 ? 4 : 2; }

inline constexpr int kLoopRank = 8;

// Elements of any layout, addressed as data + sum of index * stride (strides in elements).
struct StridedView {
  void* data = nullptr;
  ElementType type = ElementType::kF32;
  std::int64_t strides[kLoopRank] = {};
};

enum class Arithmetic : std::uint8_t { kAdd, kSub, kMul, kDiv, kPow };
enum class Function : std::uint8_t { kAbs, kExp, kNeg, kSigmoid, kSqrt, kTanh };

// What happens to a channel's value at the end: clamp(x < 0 ? slope x : x, low, high).
// slope null: no slope; otherwise one number a channel.
struct Finish {
  const float* slope = nullptr;
  float low = 0;
  float high = 0;
  bool clamp = false;
};

// Channels-last pictures of one batch element after the other.
struct PoolShape {
  std::int64_t batch, channels, height, width, out_height, out_width;
  std::int64_t kernel[2], stride[2], begin[2], dilation[2];
  bool maximum;            // else average
  bool count_padding;      // average over the padding too (as zeros)
  std::int64_t padded[2];  // input size with padding, bounds the count
};

struct DepthwiseShape {
  std::int64_t batch, channels, height, width, out_height, out_width;
  std::int64_t kernel[2], stride[2], begin[2], dilation[2];
  const float* weights;  // [kernel height][kernel width][channels]
  const float* bias;     // [channels]
  Finish finish;
};

// All pointers: data of `type`; no alignment needed. Sources and targets may be the same memory
// only where said.
struct Kernels {
  // to[i] = from[i] over `shape`, converting between types.
  void (*copy)(const std::int64_t* shape, int rank, const StridedView& from, const StridedView& to);
  // to = value everywhere in `count` elements.
  void (*fill)(void* to, ElementType type, std::int64_t count, float value);
  // Broadcasting is a stride of 0. In place allowed.
  void (*binary)(Arithmetic op, const std::int64_t* shape, int rank, const StridedView& a,
                 const StridedView& b, const StridedView& to);
  // In place allowed.
  void (*unary)(Function function, const void* from, void* to, ElementType type,
                std::int64_t count);
  // rows x channels: finish(from * scale + shift [+ add]). scale, shift, add may be null. In place
  // allowed.
  void (*rows)(const void* from, const void* add, void* to, ElementType type, std::int64_t rows,
               std::int64_t channels, const float* scale, const float* shift, const Finish& finish);
  void (*pool)(const PoolShape& shape, const void* from, void* to, ElementType type);
  // Group size 1, multiplier 1. Accumulates in f32.
  void (*depthwise)(const DepthwiseShape& shape, const void* from, void* to, ElementType from_type,
                    ElementType to_type);
  // Over the last axis of rows x size, in f32. In place allowed.
  void (*softmax)(const float* from, float* to, std::int64_t rows, std::int64_t size);
};

// The best implementation for this CPU, and no better than oneDNN may use (UsableCpu).
const Kernels& BestKernels();

// One per instruction set; null where this CPU lacks it. For tests that compare them.
const Kernels* GenericKernels();
const Kernels* Avx2Kernels();
const Kernels* Avx512Kernels();

}  // namespace candid::infer
