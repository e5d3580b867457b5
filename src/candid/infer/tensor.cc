#include "candid/infer/tensor.h"

#include <fmt/format.h>

namespace candid::infer {

Result<std::int64_t> CountElements(const Shape& shape) {
  if (shape.size() > kMaxRank) {
    return Fail(Code::kTooLarge,
                fmt::format("a tensor has {} dimensions, more than {}", shape.size(), kMaxRank));
  }
  std::int64_t count = 1;
  for (const std::int64_t size : shape) {
    if (size < 0) {
      return Fail(Code::kMalformed, fmt::format("{} is no known shape", ToText(shape)));
    }
    if (size > kMaxElements || count * size > kMaxElements) {
      return Fail(Code::kTooLarge, fmt::format("a tensor of {} has more than {} elements",
                                               ToText(shape), kMaxElements));
    }
    count *= size;
  }
  return count;
}

std::int64_t ElementsOf(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

std::string ToText(const Shape& shape) {
  std::string text;
  for (const std::int64_t size : shape) {
    if (!text.empty()) text += 'x';
    text += size < 0 ? "?" : std::to_string(size);
  }
  return text.empty() ? "scalar" : text;
}

TensorPtr MakeFloats(Shape shape, std::vector<float> values) {
  return std::make_shared<const Tensor>(Tensor{std::move(shape), false, std::move(values), {}});
}

TensorPtr MakeIntegers(Shape shape, std::vector<std::int64_t> values) {
  return std::make_shared<const Tensor>(Tensor{std::move(shape), true, {}, std::move(values)});
}

Shape RowMajorStrides(const Shape& shape) {
  Shape strides(shape.size());
  std::int64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

Result<Shape> Broadcast(const Shape& a, const Shape& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  Shape shape(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t x = i + a.size() < rank ? 1 : a[i + a.size() - rank];
    const std::int64_t y = i + b.size() < rank ? 1 : b[i + b.size() - rank];
    if (x != y && x != 1 && y != 1) {
      return Fail(Code::kMalformed,
                  fmt::format("shapes {} and {} don't go together", ToText(a), ToText(b)));
    }
    shape[i] = x == 1 ? y : x;
  }
  CANDID_TRY(CountElements(shape));
  return shape;
}

Result<std::size_t> Axis(std::int64_t axis, std::size_t rank) {
  const auto signed_rank = static_cast<std::int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) {
    return Fail(Code::kMalformed, fmt::format("axis {} of a tensor of rank {}", axis, rank));
  }
  return static_cast<std::size_t>(axis < 0 ? axis + signed_rank : axis);
}

}  // namespace candid::infer
