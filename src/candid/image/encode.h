// Encode: pictures to bytes, for stored face crops and for tests.
#pragma once

#include "candid/base/bytes.h"
#include "candid/image/image.h"

namespace candid::image {

// Baseline JPEG, 4:2:0, quality 1-100. kInvalidArgument: an empty picture, one with a side over
// 65,500 pixels, or a quality out of range.
Result<Bytes> EncodeJpeg(const Image& image, int quality);

// Lossless; 8-bit RGB, not interlaced; quick rather than small.
Result<Bytes> EncodePng(const Image& image);

}  // namespace candid::image
