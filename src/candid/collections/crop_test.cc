#include "candid/collections/crop.h"

#include <gtest/gtest.h>

#include "candid/image/decode.h"
#include "candid/image/encode.h"

namespace candid::collections {
namespace {

void ExpectNear(const Region& a, const Region& b) {
  EXPECT_NEAR(a.left, b.left, 1e-6);
  EXPECT_NEAR(a.top, b.top, 1e-6);
  EXPECT_NEAR(a.width, b.width, 1e-6);
  EXPECT_NEAR(a.height, b.height, 1e-6);
}

TEST(Crop, IsTwiceTheFaceAndKnowsWhereItLies) {
  const Region face{0.4f, 0.5f, 0.1f, 0.2f};
  ExpectNear(CropOf(face), {0.35f, 0.4f, 0.2f, 0.4f});
  ExpectNear(InCrop(face), {0.25f, 0.25f, 0.5f, 0.5f});
}

TEST(Crop, StopsAtTheBorder) {
  const Region face{-0.1f, 0.8f, 0.4f, 0.4f};
  ExpectNear(CropOf(face), {0, 0.6f, 0.5f, 0.4f});
  ExpectNear(InCrop(face), {-0.2f, 0.5f, 0.8f, 1});
}

TEST(Crop, HoldsThePixelsOfThatPlace) {
  image::Image picture{200, 100, std::vector<std::uint8_t>(200 * 100 * 3, 0)};
  for (int y = 40; y < 60; ++y) {
    std::fill(picture.row(y) + 3 * 100, picture.row(y) + 3 * 120, std::uint8_t{255});
  }
  const auto file = image::EncodePng(picture);
  const auto crop = EncodeCrop(*file, {0.5f, 0.4f, 0.1f, 0.2f});
  ASSERT_TRUE(crop);
  const auto source = image::Source::Open(*crop);
  ASSERT_TRUE(source);
  EXPECT_EQ(source->info().width, 40);
  EXPECT_EQ(source->info().height, 40);
  const auto pixels = source->Decode();
  EXPECT_GT(pixels->row(20)[3 * 20], 240);
  EXPECT_LT(pixels->row(5)[3 * 20], 15);
}

TEST(Crop, OfAFaceAtTheEdgeOfASmallPictureIsNeverEmpty) {
  const image::Image picture{3, 3, std::vector<std::uint8_t>(27, 9)};
  const auto file = image::EncodePng(picture);
  EXPECT_TRUE(EncodeCrop(*file, {0.99f, 0.99f, 0.01f, 0.01f}));
}

}  // namespace
}  // namespace candid::collections
