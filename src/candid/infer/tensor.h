// Tensor: a constant of the graph (a weight, a shape, an axis list), row-major.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "candid/infer/model.h"

namespace candid::infer {

// Sizes beyond these mean a hostile or broken file: real face models stay far below.
inline constexpr std::size_t kMaxRank = 8;
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 29;

// Exactly one of the vectors is in use; integers of every width are held as 64 bits.
struct Tensor {
  Shape shape;
  bool integer = false;
  std::vector<float> floats;
  std::vector<std::int64_t> integers;

  std::int64_t size() const {
    return static_cast<std::int64_t>(integer ? integers.size() : floats.size());
  }
};

using TensorPtr = std::shared_ptr<const Tensor>;

// The number of elements. kTooLarge over kMaxRank or kMaxElements; kMalformed below zero. Empty
// tensors (a size of 0) are allowed.
Result<std::int64_t> CountElements(const Shape& shape);

// Of a shape already checked.
std::int64_t ElementsOf(const Shape& shape);

// "1x3x112x112", with ? for a free size.
std::string ToText(const Shape& shape);

TensorPtr MakeFloats(Shape shape, std::vector<float> values);
TensorPtr MakeIntegers(Shape shape, std::vector<std::int64_t> values);

// Row-major strides, in elements.
Shape RowMajorStrides(const Shape& shape);

// The NumPy rule, sizes known. kMalformed if the shapes don't go together.
Result<Shape> Broadcast(const Shape& a, const Shape& b);

// -rank..rank-1 to 0..rank-1.
Result<std::size_t> Axis(std::int64_t axis, std::size_t rank);

}  // namespace candid::infer
