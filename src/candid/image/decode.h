// Decode: JPEG or PNG bytes, told apart by content, become an upright Image under limits that are
// checked before anything is allocated.
//
// Defined for every kind of file: grey and palette become RGB; CMYK and YCCK (Adobe's inverted
// form too) become RGB; 16 bits are cut to 8; alpha is laid over white; ICC profiles are ignored
// (sRGB assumed); progressive and interlaced files decode like others; EXIF orientation 1-8 is
// applied (mirrored ones too), in JPEG's APP1 only; a truncated or damaged file is kMalformed,
// never a half-grey picture.
#pragma once

#include <cstdint>

#include "candid/base/bytes.h"
#include "candid/image/image.h"

namespace candid::image {

enum class Format { kJpeg, kPng };

struct Limits {
  std::uint64_t max_bytes = 15u << 20;     // of the encoded file
  std::uint64_t max_pixels = 100'000'000;  // width x height as stored in the file
  int max_side = 30'000;                   // pixels
  double max_pixels_per_byte = 4000;       // guards against decompression bombs
  int max_scans = 100;                     // of a progressive JPEG
  // What a decoder may hold beside the picture itself: a progressive JPEG's coefficients take 3 to
  // 6 bytes a pixel.
  std::uint64_t max_codec_bytes = 400u << 20;
};

struct Info {
  Format format = Format::kJpeg;
  int width = 0;             // of the upright picture, pixels
  int height = 0;            // of the upright picture, pixels
  int orientation = 1;       // EXIF 1-8; 1 where the file says nothing or nonsense
  bool progressive = false;  // progressive JPEG or interlaced PNG
};

// What the bytes are, from their head alone; nothing is decoded and nothing but a message
// allocated. kUnsupported: neither JPEG nor PNG (the message names what it looks like). kMalformed.
// kTooLarge: the message names the limit.
Result<Info> Sniff(ByteSpan file, const Limits& limits);

// A file that passed Sniff. Borrows the bytes, which must outlive it. Const calls are thread-safe.
class Source {
 public:
  static Result<Source> Open(ByteSpan file, const Limits& limits = {});

  const Info& info() const { return info_; }

  // The whole picture divided by 1, 2, 4 or 8 (sides rounded up), so that point p of it shows point
  // divisor * p of the upright picture; where a mirrored or turned JPEG's side is no multiple of
  // the divisor, up to one small pixel beside it. JPEG scales inside its decoder, at a saving; PNG
  // decodes whole and averages.
  Result<Image> Decode(int divisor = 1) const;

  // The pixels of `region` (inside the upright picture) at full size, exactly as Decode(1) would
  // give them. Memory is that of the region plus a few rows; a progressive JPEG's coefficients or
  // an interlaced PNG come on top. Damage below the region is not seen: Decode first.
  Result<Image> DecodeRegion(const Rect& region) const;

 private:
  Source(ByteSpan file, const Info& info, const Limits& limits)
      : file_(file), info_(info), limits_(limits) {}

  ByteSpan file_;
  Info info_;
  Limits limits_;
};

}  // namespace candid::image
