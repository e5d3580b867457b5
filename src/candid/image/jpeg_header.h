// What a JPEG's markers say before its first scan, read without a decoder (ITU-T T.81 annex B).
#pragma once

#include "candid/base/bytes.h"

namespace candid::image {

struct JpegHeader {
  int width = 0;   // as stored, pixels
  int height = 0;  // as stored, pixels
  bool progressive = false;
  int orientation = 1;  // of the first EXIF block; 1 where there is none
};

// `file` begins with SOI. kMalformed: no frame header before the first scan, or the file ends.
// kUnsupported: a frame type or sample precision we do not decode. Allocates nothing but messages.
Result<JpegHeader> ReadJpegHeader(ByteSpan file);

}  // namespace candid::image
