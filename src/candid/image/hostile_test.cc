// Files that lie: each is refused with a code and words, within small memory and time.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "candid/image/decode.h"
#include "candid/image/encode.h"
#include "candid/image/test_files.h"

namespace candid::image {
namespace {

Status Try(ByteSpan file, const Limits& limits = {}) {
  CANDID_ASSIGN(const Source source, Source::Open(file, limits));
  CANDID_TRY(source.Decode());
  return {};
}

TEST(Hostile, NamesWhatElseItIs) {
  using namespace std::string_literals;
  const struct {
    std::string file;
    const char* word;
  } cases[] = {
      {"GIF89a....", "GIF"},        {"RIFF\x10\0\0\0WEBPVP8 "s, "WebP"},
      {"BM......", "BMP"},          {"\0\0\0\x18"s + "ftypheic", "HEIC"},
      {"II*\0...."s, "TIFF"},       {"%PDF-1.7", "PDF"},
      {"<!doctype html>", "HTML"},  {"data:image/png;base64,iVBOR", "data URI"},
      {"/9j/4AAQSkZJRg", "base64"}, {"\x01", "unknown"},
  };
  for (const auto& c : cases) {
    const auto info = Sniff(AsBytes(c.file), {});
    ASSERT_FALSE(info) << c.word;
    EXPECT_EQ(info.error().code(), Code::kUnsupported);
    EXPECT_NE(info.error().message().find(c.word), std::string::npos) << info.error().message();
  }
  EXPECT_NE(Sniff({}, {}).error().message().find("empty"), std::string::npos);
}

TEST(Hostile, RefusesEveryCutFile) {
  const Image scene = Scene(160, 120);
  JpegKind progressive;
  progressive.progressive = true;
  JpegKind arithmetic;
  arithmetic.arithmetic = true;
  PngKind interlaced;
  interlaced.interlaced = true;
  for (const Bytes& file :
       {WriteJpeg(scene, {}), WriteJpeg(scene, progressive), WriteJpeg(scene, arithmetic),
        *EncodePng(scene), WritePng(160, 120, scene.rgb, interlaced)}) {
    ASSERT_TRUE(Try(file));
    for (std::size_t length = 8; length < file.size(); length += 97) {
      const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length));
      const auto status = Try(cut);
      ASSERT_FALSE(status) << length << " of " << file.size();
      EXPECT_EQ(status.error().code(), Code::kMalformed) << status.error().message();
    }
    const Bytes last(file.begin(), file.end() - 1);
    EXPECT_FALSE(Try(last));
  }
}

// SOF0's height and width stand 5 bytes behind its marker.
Bytes WithJpegSize(Bytes file, std::uint8_t high, std::uint8_t low) {
  for (std::size_t i = 0; i + 9 < file.size(); ++i) {
    if (file[i] != 0xff || file[i + 1] != 0xc0) continue;
    file[i + 5] = file[i + 7] = high;
    file[i + 6] = file[i + 8] = low;
    break;
  }
  return file;
}

TEST(Hostile, BoundsSizesBeforeAllocation) {
  const Bytes jpeg = WriteJpeg(Scene(64, 64), {});
  Bytes png = *EncodePng(Scene(64, 64));
  EXPECT_EQ(Try(WithJpegSize(jpeg, 0xea, 0x60)).error().code(), Code::kTooLarge);  // 60,000
  EXPECT_EQ(Try(WithJpegSize(jpeg, 0x1f, 0x40)).error().code(), Code::kTooLarge);  // pixels a byte
  EXPECT_EQ(Try(WithJpegSize(jpeg, 0x02, 0x00)).error().code(), Code::kMalformed);
  EXPECT_EQ(Try(WithJpegSize(jpeg, 0, 0)).error().code(), Code::kMalformed);
  png[18] = png[22] = 0xea;
  EXPECT_EQ(Try(png).error().code(), Code::kTooLarge);
  Limits limits;
  limits.max_bytes = jpeg.size() - 1;
  EXPECT_EQ(Try(jpeg, limits).error().code(), Code::kTooLarge);
}

TEST(Hostile, BoundsScansAndCoefficients) {
  JpegKind kind;
  kind.progressive = true;
  const Bytes file = WriteJpeg(Scene(640, 480), kind);
  Limits few;
  few.max_scans = 3;
  const auto scans = Try(file, few);
  ASSERT_FALSE(scans);
  EXPECT_NE(scans.error().message().find("3 scans"), std::string::npos);
  Limits tight;
  tight.max_codec_bytes = 100'000;
  EXPECT_EQ(Try(file, tight).error().code(), Code::kTooLarge);
}

TEST(Hostile, RefusesOtherPrecisions) {
  Bytes file = WriteJpeg(Scene(64, 64), {});
  for (std::size_t i = 0; i + 9 < file.size(); ++i) {
    if (file[i] == 0xff && file[i + 1] == 0xc0) {
      file[i + 4] = 12;
      break;
    }
  }
  EXPECT_EQ(Try(file).error().code(), Code::kUnsupported);
}

TEST(Hostile, LivesThroughDamage) {
  std::mt19937 random(7);
  for (const Bytes& whole : {WriteJpeg(Scene(90, 70), {}), *EncodePng(Scene(90, 70))}) {
    for (int i = 0; i < 300; ++i) {
      Bytes file = whole;
      for (int k = 0; k < 4; ++k)
        file[12 + random() % (file.size() - 12)] = static_cast<std::uint8_t>(random());
      const auto status = Try(file);
      EXPECT_TRUE(status.has_value() || !status.error().message().empty());
    }
  }
}

}  // namespace
}  // namespace candid::image
