#include "candid/image/resample.h"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "candid/image/pixel_loops.h"
#include "candid/image/test_files.h"

namespace candid::image {
namespace {

cv::Mat MatOf(const Image& image) {
  return cv::Mat(image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.rgb.data()));
}

int MostDifference(const Image& image, const cv::Mat& other) {
  return static_cast<int>(cv::norm(MatOf(image), other, cv::NORM_INF));
}

TEST(Resize, IsOpenCvsBilinear) {
  const Image scene = Scene(160, 120);
  for (const cv::Size size : {cv::Size(300, 200), cv::Size(90, 70), cv::Size(161, 119)}) {
    cv::Mat theirs;
    cv::resize(MatOf(scene), theirs, size, 0, 0, cv::INTER_LINEAR);
    EXPECT_LE(MostDifference(Resize(scene, size.width, size.height), theirs), 3) << size;
  }
}

TEST(Resize, AveragesWhereItShrinksMuch) {
  // A fine chequerboard is grey from afar; plain bilinear would pick black or white.
  Image board{256, 256, Bytes(256 * 256 * 3)};
  for (int y = 0; y < 256; ++y)
    for (int x = 0; x < 256; ++x)
      for (int c = 0; c < 3; ++c)
        board.row(y)[3 * x + c] = (x + y) % 2 == 0 ? std::uint8_t{255} : std::uint8_t{0};
  for (const std::uint8_t value : Resize(board, 40, 40).rgb) ASSERT_NEAR(value, 128, 1);
}

TEST(Resize, KeepsPlaces) {
  // A gradient's value tells where it was taken, through odd sides and several halvings too.
  Image ramp{251, 33, Bytes(251 * 33 * 3)};
  for (int y = 0; y < 33; ++y)
    for (int x = 0; x < 251; ++x)
      for (int c = 0; c < 3; ++c) ramp.row(y)[3 * x + c] = static_cast<std::uint8_t>(x);
  const Image small = Resize(ramp, 50, 7);
  for (int x = 1; x < 49; ++x) EXPECT_NEAR(small.row(3)[3 * x], (x + 0.5) * 5.02 - 0.5, 1);
  EXPECT_EQ(Resize({1, 1, {9, 8, 7}}, 2, 2).rgb, (Bytes{9, 8, 7, 9, 8, 7, 9, 8, 7, 9, 8, 7}));
}

TEST(Warp, IsOpenCvsWarp) {
  const Image scene = Scene(200, 150);
  for (const double angle : {0.0, 0.4, 2.0}) {
    const double s = 1.3;
    const Affine map{s * std::cos(angle), -s * std::sin(angle), 60,
                     s * std::sin(angle), s * std::cos(angle),  40};
    // OpenCV's coordinates count from the first pixel's centre.
    const cv::Matx23d theirs(map.a, map.b, map.c + 0.5 * (map.a + map.b) - 0.5, map.d, map.e,
                             map.f + 0.5 * (map.d + map.e) - 0.5);
    cv::Mat want;
    cv::warpAffine(MatOf(scene), want, theirs, {112, 112}, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                   cv::BORDER_CONSTANT, {7, 7, 7});
    const Image ours = Warp(scene, map, 112, 112, 7);
    // OpenCV rounds places to 1/32 pixel: across the disc's edge that is up to 7 grey values.
    EXPECT_LE(MostDifference(ours, want), 12) << angle;
    EXPECT_LT(cv::norm(MatOf(ours), want, cv::NORM_L1) / (112 * 112 * 3), 0.6) << angle;
  }
}

TEST(Warp, ShrinksLikeResize) {
  const Image scene = Scene(640, 480);
  const Image warped = Warp(scene, {5, 0, 0, 0, 5, 0}, 128, 96);
  EXPECT_LT(cv::norm(MatOf(warped), MatOf(Resize(scene, 128, 96)), cv::NORM_L1) / (128 * 96 * 3),
            1.0);
}

TEST(Warp, IsBorderOutsideAndForNonsense) {
  const Image scene = Scene(64, 64);
  for (const double far : {1e4, -1e4, 1e300, std::nan("")})
    for (const double scale : {1.0, 50.0})
      EXPECT_EQ(Warp(scene, {scale, 0, far, 0, scale, far}, 20, 20, 9).rgb, Bytes(20 * 20 * 3, 9));
}

TEST(Affine, InvertsAndComposes) {
  const Affine map{1.5, -0.3, 20, 0.4, 0.9, -7};
  const Affine same = Compose(Inverse(map), map);
  EXPECT_NEAR(same.a, 1, 1e-12);
  EXPECT_NEAR(same.b, 0, 1e-12);
  EXPECT_NEAR(same.c, 0, 1e-12);
  EXPECT_NEAR(same.f, 0, 1e-12);
}

TEST(ToPlanar, OrdersAndNormalises) {
  const Image image{2, 1, {10, 20, 30, 40, 50, 60}};
  std::vector<float> planar(6);
  ToPlanar(image, {ChannelOrder::kBgr, {1, 2, 3}, {1, 10, 100}}, planar);
  EXPECT_EQ(planar, (std::vector<float>{29, 59, 180, 480, 700, 3700}));
}

TEST(Mirror, SwapsLeftAndRight) {
  EXPECT_EQ(Mirror({2, 1, {1, 2, 3, 4, 5, 6}}).rgb, (Bytes{4, 5, 6, 1, 2, 3}));
}

TEST(PixelLoops, Avx2GivesThePlainBits) {
  const PixelLoops* fast = Avx2Loops();
  if (fast == nullptr) GTEST_SKIP() << "this CPU has no AVX2";
  const PixelLoops& plain = PlainLoops();
  const Image scene = Scene(101, 37);
  for (int count = 1; count <= 50; ++count) {
    const auto size = static_cast<std::size_t>(count);
    Bytes a(3 * size), b(3 * size);
    plain.halve(scene.row(3), scene.row(4), count, a.data());
    fast->halve(scene.row(3), scene.row(4), count, b.data());
    ASSERT_EQ(a, b) << "halve " << count;
    std::vector<std::int16_t> c(3 * size + 8), d(3 * size + 8);
    plain.blend(scene.row(3), scene.row(9), 77, 3 * count, c.data());
    fast->blend(scene.row(3), scene.row(9), 77, 3 * count, d.data());
    ASSERT_EQ(c, d) << "blend " << count;
    std::vector<Tap> taps(size);
    for (int i = 0; i + 1 < count; ++i)
      taps[static_cast<std::size_t>(i)] = {3 * ((i * 7) % (count - 1)),
                                           static_cast<std::int16_t>(kWeightOne - i),
                                           static_cast<std::int16_t>(i)};
    plain.pick(c.data(), taps.data(), count, a.data());
    fast->pick(c.data(), taps.data(), count, b.data());
    ASSERT_EQ(a, b) << "pick " << count;
    const View view{scene.rgb.data(), 101, 37, 303};
    const Walk walk{std::int64_t{-3} << 32, std::int64_t{30} << 32, 0x2'3456'789a, 0x0'1234'5678};
    plain.warp(view, walk, 5, count, a.data());
    fast->warp(view, walk, 5, count, b.data());
    ASSERT_EQ(a, b) << "warp " << count;
    std::vector<float> p(3 * size), q(3 * size);
    const auto planes = [&](std::vector<float>& v) {
      return std::array<float*, 3>{v.data(), v.data() + size, v.data() + 2 * size};
    };
    plain.planar(scene.row(5), count, {1, 2, 3}, {0.1f, 0.2f, 0.3f}, planes(p));
    fast->planar(scene.row(5), count, {1, 2, 3}, {0.1f, 0.2f, 0.3f}, planes(q));
    ASSERT_EQ(p, q) << "planar " << count;
  }
}

}  // namespace
}  // namespace candid::image
