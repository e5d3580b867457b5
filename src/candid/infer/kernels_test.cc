// The kernels of every instruction set against the generic ones, on shapes that fill vectors and
// shapes that leave tails.
#include "candid/infer/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace candid::infer {
namespace {

// Numbers of either type; read back as floats.
class Data {
 public:
  Data(std::size_t count, ElementType type) : type_(type), bytes_(count * SizeOf(type)) {}
  Data(const std::vector<float>& values, ElementType type) : Data(values.size(), type) {
    const auto count = static_cast<std::int64_t>(values.size());
    StridedView from{const_cast<float*>(values.data()), ElementType::kF32, {1}};
    StridedView to{bytes_.data(), type, {1}};
    GenericKernels()->copy(&count, 1, from, to);
  }

  void* data() { return bytes_.data(); }
  ElementType type() const { return type_; }
  std::vector<float> floats() const {
    std::vector<float> values(bytes_.size() / SizeOf(type_));
    const auto count = static_cast<std::int64_t>(values.size());
    StridedView from{const_cast<std::byte*>(bytes_.data()), type_, {1}};
    StridedView to{values.data(), ElementType::kF32, {1}};
    GenericKernels()->copy(&count, 1, from, to);
    return values;
  }

 private:
  ElementType type_;
  std::vector<std::byte> bytes_;
};

struct Case {
  std::string name;
  const Kernels* kernels;  // null: this CPU lacks them
  ElementType type;
};

class KernelsTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (GetParam().kernels == nullptr) GTEST_SKIP() << "this CPU lacks the instructions";
  }

  std::vector<float> Values(std::int64_t count) {
    std::normal_distribution<float> normal;
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) value = normal(random_);
    return values;
  }
  Data Random(std::int64_t count) { return {Values(count), GetParam().type}; }

  // Sums may be added up in another order; bf16 then rounds to one side or the other.
  void ExpectSame(const Data& got, const Data& expected) {
    const std::vector<float> a = got.floats(), b = expected.floats();
    ASSERT_EQ(a.size(), b.size());
    const float relative = got.type() == ElementType::kBf16 ? 1.0f / 128 : 1e-5f;
    for (std::size_t i = 0; i < a.size(); ++i) {
      ASSERT_NEAR(a[i], b[i], relative * std::max(1.0f, std::abs(b[i]))) << "at " << i;
    }
  }

  // `run(kernels, target)` by both.
  template <typename Run>
  void Compare(std::int64_t count, ElementType type, const Run& run) {
    Data got(static_cast<std::size_t>(count), type), expected = got;
    run(*GetParam().kernels, got.data());
    run(*GenericKernels(), expected.data());
    ExpectSame(got, expected);
  }

  std::mt19937 random_{3};
};

constexpr std::int64_t kChannels[] = {1, 3, 15, 16, 24, 33, 96};

TEST_P(KernelsTest, Rows) {
  constexpr std::int64_t kRows = 5;
  for (const std::int64_t channels : kChannels) {
    SCOPED_TRACE(channels);
    Data from = Random(kRows * channels), add = Random(kRows * channels);
    const auto scale = Values(channels), shift = Values(channels), slope = Values(channels);
    for (int how = 0; how < 16; ++how) {
      Finish finish;
      finish.clamp = (how & 4) != 0;
      finish.low = -0.5;
      finish.high = 1;
      if ((how & 8) != 0) finish.slope = slope.data();
      Compare(kRows * channels, GetParam().type, [&](const Kernels& kernels, void* to) {
        kernels.rows(from.data(), (how & 1) != 0 ? add.data() : nullptr, to, GetParam().type, kRows,
                     channels, (how & 2) != 0 ? scale.data() : nullptr,
                     (how & 2) != 0 ? shift.data() : nullptr, finish);
      });
    }
  }
}

TEST_P(KernelsTest, Depthwise) {
  for (const std::int64_t channels : kChannels) {
    for (const std::int64_t kernel : {3, 5}) {
      for (const std::int64_t stride : {1, 2, 3}) {
        for (const std::int64_t begin : {0, 1, 2}) {
          SCOPED_TRACE(testing::Message() << channels << " channels, kernel " << kernel
                                          << ", stride " << stride << ", padding " << begin);
          constexpr std::int64_t kHeight = 7, kWidth = 9;
          const auto sized = [&](std::int64_t size) { return (size + begin - 1) / stride + 1; };
          const auto weights = Values(kernel * kernel * channels), bias = Values(channels);
          const auto slope = Values(channels);

          const DepthwiseShape shape{
              .batch = 2,
              .channels = channels,
              .height = kHeight,
              .width = kWidth,
              .out_height = sized(kHeight),
              .out_width = sized(kWidth),
              .kernel = {kernel, kernel},
              .stride = {stride, stride},
              .begin = {begin, begin},
              .dilation = {1, 1},
              .weights = weights.data(),
              .bias = bias.data(),
              .finish = {.slope = slope.data(), .low = -1, .high = 2, .clamp = begin == 1}};
          Data from = Random(2 * channels * kHeight * kWidth);
          for (const ElementType to_type : {ElementType::kF32, GetParam().type}) {
            Compare(2 * channels * shape.out_height * shape.out_width, to_type,
                    [&](const Kernels& kernels, void* to) {
                      kernels.depthwise(shape, from.data(), to, GetParam().type, to_type);
                    });
          }
        }
      }
    }
  }
}

TEST_P(KernelsTest, Pool) {
  for (const std::int64_t channels : kChannels) {
    for (const bool maximum : {false, true}) {
      SCOPED_TRACE(testing::Message() << channels << (maximum ? " maximum" : " average"));
      const PoolShape shape{.batch = 2,
                            .channels = channels,
                            .height = 6,
                            .width = 7,
                            .out_height = 4,
                            .out_width = 4,
                            .kernel = {3, 3},
                            .stride = {2, 2},
                            .begin = {1, 1},
                            .dilation = {1, 1},
                            .maximum = maximum,
                            .count_padding = false,
                            .padded = {8, 9}};
      Data from = Random(2 * channels * 42);
      Compare(2 * channels * 16, GetParam().type, [&](const Kernels& kernels, void* to) {
        kernels.pool(shape, from.data(), to, GetParam().type);
      });
    }
  }
}

// From planes to channels-last and between the types.
TEST_P(KernelsTest, Copy) {
  for (const std::int64_t channels : kChannels) {
    SCOPED_TRACE(channels);
    const std::int64_t shape[] = {2, channels, 5, 20};
    Data from = Random(2 * channels * 100);
    for (const ElementType to_type : {ElementType::kF32, ElementType::kBf16}) {
      Compare(2 * channels * 100, to_type, [&](const Kernels& kernels, void* to) {
        kernels.copy(shape, 4, {from.data(), from.type(), {channels * 100, 100, 20, 1}},
                     {to, to_type, {channels * 100, 1, channels * 20, channels}});
      });
    }
  }
}

TEST_P(KernelsTest, Arithmetic) {
  constexpr std::int64_t kRows = 3;
  for (const std::int64_t columns : kChannels) {
    const std::int64_t shape[] = {kRows, columns};
    // Powers and roots of what is negative are not numbers.
    auto values = Values(kRows * columns);
    for (float& value : values) value = 0.5f + std::abs(value);
    Data a(values, GetParam().type), b = a;
    for (const auto op : {Arithmetic::kAdd, Arithmetic::kSub, Arithmetic::kMul, Arithmetic::kDiv,
                          Arithmetic::kPow}) {
      Compare(kRows * columns, GetParam().type, [&](const Kernels& kernels, void* to) {
        kernels.binary(op, shape, 2, {a.data(), a.type(), {columns, 1}},
                       {b.data(), b.type(), {0, 1}}, {to, a.type(), {columns, 1}});
      });
    }
    for (const auto function : {Function::kAbs, Function::kExp, Function::kNeg, Function::kSigmoid,
                                Function::kSqrt, Function::kTanh}) {
      Compare(kRows * columns, GetParam().type, [&](const Kernels& kernels, void* to) {
        kernels.unary(function, a.data(), to, a.type(), kRows * columns);
      });
    }
    const auto floats = Values(kRows * columns);
    Compare(kRows * columns, ElementType::kF32, [&](const Kernels& kernels, void* to) {
      kernels.softmax(floats.data(), static_cast<float*>(to), kRows, columns);
    });
    Compare(kRows * columns, GetParam().type, [&](const Kernels& kernels, void* to) {
      kernels.fill(to, GetParam().type, kRows * columns, 0.3f);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, KernelsTest,
                         testing::Values(Case{"Avx2F32", Avx2Kernels(), ElementType::kF32},
                                         Case{"Avx2Bf16", Avx2Kernels(), ElementType::kBf16},
                                         Case{"Avx512F32", Avx512Kernels(), ElementType::kF32},
                                         Case{"Avx512Bf16", Avx512Kernels(), ElementType::kBf16}),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace candid::infer
