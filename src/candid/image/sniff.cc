#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "candid/image/decode.h"
#include "candid/image/jpeg_header.h"
#include "candid/image/orientation.h"

namespace candid::image {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPngMagic = "\x89PNG\r\n\x1a\n"sv;

struct Magic {
  std::size_t offset;
  std::string_view bytes;
  std::string_view name;
};

// What people send in place of a photo. The first that fits is named.
constexpr Magic kOthers[] = {
    {0, "GIF8", "a GIF"},
    {8, "WEBP", "a WebP"},
    {0, "BM", "a BMP"},
    {4, "ftyphei", "a HEIC"},
    {4, "ftyphev", "a HEIC"},
    {4, "ftypmif1", "a HEIC"},
    {4, "ftypavif", "an AVIF"},
    {4, "ftyp", "an MP4 video"},
    {0, "II*\0"sv, "a TIFF"},
    {0, "MM\0*"sv, "a TIFF"},
    {0, "\0\0\0\x0cjP  "sv, "a JPEG 2000"},
    {0, "\xff\x4f\xff\x51", "a JPEG 2000"},
    {0, "\0\0\0\x0cJXL "sv, "a JPEG XL"},
    {0, "\xff\x0a", "a JPEG XL"},
    {0, "%PDF", "a PDF"},
    {0, "PK\x03\x04", "a ZIP archive"},
    {0, "\x1f\x8b", "a gzip file"},
    {0, "data:", "a data URI; send what stands behind its comma, decoded"},
    {0, "/9j/", "base64 text of a JPEG; it was encoded once too often"},
    {0, "iVBOR", "base64 text of a PNG; it was encoded once too often"},
    {0, "<", "HTML or XML text"},
    {0, "{", "JSON text"},
};

std::string_view NameOther(std::string_view file) {
  for (const Magic& magic : kOthers) {
    if (file.size() >= magic.offset && file.substr(magic.offset).starts_with(magic.bytes))
      return magic.name;
  }
  return "an unknown kind of file";
}

std::uint32_t BigEndian32(ByteSpan bytes) {
  return static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
         static_cast<std::uint32_t>(bytes[2]) << 8 | static_cast<std::uint32_t>(bytes[3]);
}

// The IHDR chunk, which is always the first (PNG, third edition, section 11.2.1).
Result<Info> SniffPng(ByteSpan file) {
  constexpr std::size_t kHead = 8 + 8 + 13;
  constexpr std::uint32_t kMostSide = 0x7fffffff;
  if (file.size() < kHead || AsText(file.subspan(8, 8)) != "\0\0\0\x0dIHDR"sv)
    return Fail(Code::kMalformed, "the PNG's header is cut or damaged");
  const std::uint32_t width = BigEndian32(file.subspan(16));
  const std::uint32_t height = BigEndian32(file.subspan(20));
  if (width == 0 || height == 0 || width > kMostSide || height > kMostSide)
    return Fail(Code::kMalformed, "the PNG's header gives no valid size");
  Info info;
  info.format = Format::kPng;
  info.width = static_cast<int>(width);
  info.height = static_cast<int>(height);
  info.progressive = file[28] != 0;
  return info;
}

Result<Info> SniffJpeg(ByteSpan file) {
  CANDID_ASSIGN(const JpegHeader header, ReadJpegHeader(file));
  Info info;
  info.format = Format::kJpeg;
  info.orientation = header.orientation;
  const bool turned = Transposes(header.orientation);
  info.width = turned ? header.height : header.width;
  info.height = turned ? header.width : header.height;
  info.progressive = header.progressive;
  return info;
}

Status CheckSize(const Info& info, std::size_t bytes, const Limits& limits) {
  if (info.width > limits.max_side || info.height > limits.max_side) {
    return Fail(Code::kTooLarge, fmt::format("the picture is {} x {}; a side may have {} pixels",
                                             info.width, info.height, limits.max_side));
  }
  const std::uint64_t pixels =
      static_cast<std::uint64_t>(info.width) * static_cast<std::uint64_t>(info.height);
  if (pixels > limits.max_pixels) {
    return Fail(Code::kTooLarge, fmt::format("the picture is {} x {}, {} pixels; the limit is {}",
                                             info.width, info.height, pixels, limits.max_pixels));
  }
  const double ratio = static_cast<double>(pixels) / static_cast<double>(bytes);
  if (ratio > limits.max_pixels_per_byte) {
    return Fail(Code::kTooLarge,
                fmt::format("{} bytes claim {} pixels; at most {} pixels a byte are decoded", bytes,
                            pixels, limits.max_pixels_per_byte));
  }
  return {};
}

}  // namespace

Result<Info> Sniff(ByteSpan file, const Limits& limits) {
  if (file.empty()) return Fail(Code::kMalformed, "the image is empty (0 bytes)");
  if (file.size() > limits.max_bytes) {
    return Fail(Code::kTooLarge, fmt::format("the image has {} bytes; the limit is {}", file.size(),
                                             limits.max_bytes));
  }
  const std::string_view text = AsText(file);
  const bool jpeg = text.starts_with("\xff\xd8\xff");
  if (!jpeg && !text.starts_with(kPngMagic)) {
    return Fail(Code::kUnsupported,
                fmt::format("neither JPEG nor PNG: this looks like {}", NameOther(text)));
  }
  CANDID_ASSIGN(const Info info, jpeg ? SniffJpeg(file) : SniffPng(file));
  CANDID_TRY(CheckSize(info, file.size(), limits));
  return info;
}

}  // namespace candid::image
