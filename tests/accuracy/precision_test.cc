// bf16 against f32 on real faces: the templates must be the same for every purpose.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "candid/base/files.h"
#include "faces.h"

namespace candid::accuracy {
namespace {

TEST(PrecisionTest, Bf16TemplatesFollowF32) {
  if (infer::BestPrecision() != infer::Precision::kBf16) {
    GTEST_SKIP() << "this CPU has no native bf16";
  }
  const auto images = LfwImages(13);
  if (images.empty()) GTEST_SKIP() << "no ../shared/data/lfw-dev: precision not measured";
  const auto pack = DefaultPack();
  if (!pack) GTEST_SKIP() << "no converted models: " << pack.error().message();
  face::PipelineOptions options;
  options.precision = infer::Precision::kF32;
  const auto exact = face::Pipeline::Create(*pack, options);
  options.precision = infer::Precision::kBf16;
  const auto fast = face::Pipeline::Create(*pack, options);
  ASSERT_TRUE(exact && fast);

  std::vector<double> cosines;
  for (const auto& path : images) {
    if (cosines.size() == 500) break;
    const Bytes file = *ReadFile(path, 1 << 20);
    // The same chip for both: the embedder is what is compared.
    const auto photo = (*exact)->Detect(file);
    if (!photo || photo->faces().empty()) continue;
    constexpr std::array<std::size_t, 1> kFirst{0};
    const std::vector<float> a = (*exact)->Embed(*photo, kFirst)->front().values;
    const std::vector<float> b = (*fast)->Embed(*photo, kFirst)->front().values;
    cosines.push_back(std::inner_product(a.begin(), a.end(), b.begin(), 0.0));
  }
  ASSERT_EQ(cosines.size(), 500u);
  std::sort(cosines.begin(), cosines.end());
  fmt::print("cosine of bf16 to f32 over 500 faces: least {:.5f}, median {:.5f}\n", cosines[0],
             cosines[250]);
  EXPECT_GE(cosines[0], 0.999);
}

}  // namespace
}  // namespace candid::accuracy
