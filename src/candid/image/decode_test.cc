#include "candid/image/decode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <opencv2/imgcodecs.hpp>

#include "candid/image/encode.h"
#include "candid/image/orientation.h"
#include "candid/image/test_files.h"

namespace candid::image {
namespace {

Image MustDecode(ByteSpan file, int divisor = 1) {
  auto source = Source::Open(file);
  EXPECT_TRUE(source) << source.error().message();
  auto image = source->Decode(divisor);
  EXPECT_TRUE(image) << image.error().message();
  return image ? *std::move(image) : Image{};
}

double MeanDifference(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height || a.rgb.size() != b.rgb.size()) return 1e9;
  double sum = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) sum += std::abs(a.rgb[i] - b.rgb[i]);
  return sum / static_cast<double>(a.rgb.size());
}

Image Cut(const Image& image, const Rect& r) {
  Image part{r.width, r.height, {}};
  for (int y = r.y; y < r.y + r.height; ++y)
    part.rgb.insert(part.rgb.end(), image.row(y) + 3 * r.x, image.row(y) + 3 * (r.x + r.width));
  return part;
}

std::vector<JpegKind> Kinds() {
  std::vector<JpegKind> kinds(8);
  kinds[1].h = kinds[1].v = 1;
  kinds[2].v = 1;
  kinds[3].progressive = true;
  kinds[4].arithmetic = true;
  kinds[5].restart = 1;
  kinds[6].h = 1;
  kinds[7].profile = true;
  return kinds;
}

TEST(Decode, IsWhatOpenCvDecodes) {
  const Image scene = Scene(203, 149);
  for (const JpegKind& kind : Kinds()) {
    const Bytes file = WriteJpeg(scene, kind);
    const cv::Mat theirs = cv::imdecode(file, cv::IMREAD_COLOR);
    const Image ours = MustDecode(file);
    ASSERT_EQ(ours.width, theirs.cols);
    int most = 0;
    for (int y = 0; y < ours.height; ++y)
      for (int x = 0; x < ours.width; ++x)
        for (int c = 0; c < 3; ++c)
          most =
              std::max(most, std::abs(ours.row(y)[3 * x + c] - theirs.at<cv::Vec3b>(y, x)[2 - c]));
    // Debian's OpenCV decodes with the same library.
    EXPECT_LE(most, 1) << kind.h << kind.v << kind.progressive << kind.arithmetic;
  }
}

TEST(Decode, TurnsInksIntoLight) {
  const Image scene = Scene(96, 80);
  for (const Inks inks : {Inks::kPlain, Inks::kAdobe, Inks::kAdobeYcck}) {
    JpegKind kind;
    kind.inks = inks;
    kind.h = kind.v = 1;
    kind.quality = 98;
    EXPECT_LT(MeanDifference(MustDecode(WriteJpeg(scene, kind)), scene), 3)
        << static_cast<int>(inks);
  }
}

TEST(Decode, TurnsGreyIntoRgb) {
  JpegKind kind;
  kind.grey = true;
  kind.h = kind.v = 1;
  const Image grey = MustDecode(WriteJpeg(Scene(60, 50), kind));
  ASSERT_EQ(grey.rgb.size(), 60u * 50 * 3);
  for (std::size_t i = 0; i < grey.rgb.size(); i += 3) {
    ASSERT_EQ(grey.rgb[i], grey.rgb[i + 1]);
    ASSERT_EQ(grey.rgb[i], grey.rgb[i + 2]);
  }
}

TEST(Decode, ScalesByRoundedUpDivisors) {
  const Image scene = Scene(203, 149);
  const Bytes jpeg = WriteJpeg(scene, {});
  const Bytes png = *EncodePng(scene);
  for (const int divisor : {2, 4, 8}) {
    const Image a = MustDecode(jpeg, divisor);
    const Image b = MustDecode(png, divisor);
    EXPECT_EQ(a.width, (203 + divisor - 1) / divisor);
    EXPECT_EQ(a.height, (149 + divisor - 1) / divisor);
    EXPECT_LT(MeanDifference(a, b), 4) << divisor;
  }
  EXPECT_EQ(Source::Open(jpeg)->Decode(3).error().code(), Code::kInvalidArgument);
}

// Upright pixel (u, v) of each orientation, spelled out from CIPA DC-008's table of row and column
// zero, against the stored picture.
TEST(Decode, AppliesEveryOrientation) {
  const Image scene = Scene(48, 32);
  JpegKind kind;
  kind.h = kind.v = 1;
  const Image stored = MustDecode(WriteJpeg(scene, kind));
  const int w = stored.width - 1;
  const int h = stored.height - 1;
  for (int orientation = 1; orientation <= 8; ++orientation) {
    kind.orientation = orientation;
    kind.motorola = orientation % 2 == 0;
    const Image upright = MustDecode(WriteJpeg(scene, kind));
    ASSERT_EQ(upright.width, orientation >= 5 ? 32 : 48);
    for (int v = 0; v < upright.height; ++v) {
      for (int u = 0; u < upright.width; ++u) {
        const int xs[] = {u, w - u, w - u, u, v, v, w - v, w - v};
        const int ys[] = {v, v, h - v, h - v, u, h - u, h - u, u};
        const auto* want = stored.row(ys[orientation - 1]) + 3 * xs[orientation - 1];
        ASSERT_TRUE(std::equal(want, want + 3, upright.row(v) + 3 * u))
            << orientation << " at " << u << "," << v;
      }
    }
  }
}

TEST(DecodeRegion, IsTheWholePicturesPart) {
  const Image scene = Scene(203, 149);
  std::vector<JpegKind> kinds = Kinds();
  for (int orientation = 2; orientation <= 8; ++orientation) {
    kinds.emplace_back();
    kinds.back().orientation = orientation;
  }
  kinds.emplace_back();
  kinds.back().inks = Inks::kAdobe;
  kinds.back().h = kinds.back().v = 1;
  kinds.emplace_back();
  kinds.back().grey = true;
  std::srand(1);
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    const Bytes file = WriteJpeg(scene, kinds[k]);
    const Image whole = MustDecode(file);
    const auto source = Source::Open(file);
    for (int i = 0; i < 60; ++i) {
      Rect r{std::rand() % whole.width, std::rand() % whole.height, 0, 0};
      r.width = 1 + std::rand() % (whole.width - r.x);
      r.height = 1 + std::rand() % (whole.height - r.y);
      const auto part = source->DecodeRegion(r);
      ASSERT_TRUE(part) << part.error().message();
      ASSERT_EQ(part->rgb, Cut(whole, r).rgb)
          << "kind " << k << ": " << r.x << "," << r.y << " " << r.width << "x" << r.height;
    }
  }
}

TEST(DecodeRegion, IsTheWholePngsPartAndStaysInside) {
  const Image scene = Scene(53, 41);
  for (const bool interlaced : {false, true}) {
    PngKind kind;
    kind.interlaced = interlaced;
    const Bytes file = WritePng(53, 41, scene.rgb, kind);
    EXPECT_EQ(MustDecode(file).rgb, scene.rgb);
    const auto source = Source::Open(file);
    for (const Rect r : {Rect{0, 0, 53, 41}, Rect{7, 9, 20, 11}, Rect{52, 40, 1, 1}})
      EXPECT_EQ(source->DecodeRegion(r)->rgb, Cut(scene, r).rgb);
    for (const Rect r : {Rect{0, 0, 54, 1}, Rect{-1, 0, 5, 5}, Rect{3, 3, 0, 1},
                         Rect{1, 1, 0x7fffffff, 0x7fffffff}})
      EXPECT_EQ(source->DecodeRegion(r).error().code(), Code::kInvalidArgument);
  }
}

TEST(DecodePng, LaysAlphaOverWhite) {
  PngKind rgba;
  rgba.color_type = 6;
  EXPECT_EQ(MustDecode(WritePng(2, 1, {10, 20, 30, 255, 10, 20, 30, 0}, rgba)).rgb,
            (Bytes{10, 20, 30, 255, 255, 255}));
  PngKind grey_alpha;
  grey_alpha.color_type = 4;
  EXPECT_EQ(MustDecode(WritePng(2, 1, {100, 255, 0, 128}, grey_alpha)).rgb,
            (Bytes{100, 100, 100, 127, 127, 127}));
  PngKind palette;
  palette.color_type = 3;
  palette.depth = 1;
  palette.palette = {1, 2, 3, 4, 5, 6};
  palette.palette_alpha = {0};
  EXPECT_EQ(MustDecode(WritePng(2, 1, {0x40}, palette)).rgb, (Bytes{255, 255, 255, 4, 5, 6}));
}

TEST(DecodePng, CutsDepthsToEight) {
  PngKind deep;
  deep.depth = 16;
  EXPECT_EQ(MustDecode(WritePng(1, 1, {1, 250, 2, 0, 3, 255}, deep)).rgb, (Bytes{1, 2, 3}));
  PngKind bits;
  bits.color_type = 0;
  bits.depth = 1;
  EXPECT_EQ(MustDecode(WritePng(2, 1, {0x80}, bits)).rgb, (Bytes{255, 255, 255, 0, 0, 0}));
}

TEST(Encode, RoundTripsAndRefusesNonsense) {
  const Image scene = Scene(97, 61);
  EXPECT_EQ(MustDecode(*EncodePng(scene)).rgb, scene.rgb);
  EXPECT_LT(MeanDifference(MustDecode(*EncodeJpeg(scene, 95)), scene), 4);
  EXPECT_FALSE(EncodeJpeg({}, 90));
  EXPECT_FALSE(EncodePng({}));
  EXPECT_FALSE(EncodeJpeg(scene, 0));
  EXPECT_FALSE(EncodeJpeg(scene, 101));
}

}  // namespace
}  // namespace candid::image
