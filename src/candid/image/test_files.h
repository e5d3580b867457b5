// Pictures and files for the tests, made in code: every variant a camera or a program may write.
#pragma once

#include "candid/base/bytes.h"
#include "candid/image/image.h"

namespace candid::image {

// Smooth colour gradients with a disc of sharp edge, so that every place looks different.
Image Scene(int width, int height);

enum class Inks { kNone, kPlain, kAdobe, kAdobeYcck };

struct JpegKind {
  int quality = 92;
  int h = 2, v = 2;  // sampling of the first component
  bool grey = false;
  bool progressive = false;
  bool arithmetic = false;
  int restart = 0;  // rows of blocks between restart markers
  Inks inks = Inks::kNone;
  int orientation = 0;    // 0 writes no EXIF
  bool motorola = false;  // byte order of the EXIF block
  bool profile = false;   // an ICC block of nonsense
};
Bytes WriteJpeg(const Image& image, const JpegKind& kind);

// The payload of an APP1 segment.
Bytes ExifBlock(int orientation, bool motorola);

// `pixels` are rows of `channels` samples of `depth` bits in PNG's own packing.
struct PngKind {
  int color_type = 2;
  int depth = 8;
  bool interlaced = false;
  Bytes palette;        // r g b each
  Bytes palette_alpha;  // for tRNS
};
Bytes WritePng(int width, int height, const Bytes& pixels, const PngKind& kind);

}  // namespace candid::image
