// JPEG bytes to pixels as stored: the one place that knows libjpeg.
#pragma once

#include "candid/base/bytes.h"
#include "candid/image/decode.h"
#include "candid/image/image.h"

namespace candid::image {

// `width` x `height` as stored, from the file's header; a file that decodes to another size is
// kMalformed. divisor 1, 2, 4 or 8: sides rounded up.
Result<Image> DecodeJpeg(ByteSpan file, int width, int height, int divisor, const Limits& limits);

// `region` lies inside the stored picture. The same pixels as DecodeJpeg with divisor 1. What lies
// below the region is not read, so damage there goes unnoticed.
Result<Image> DecodeJpegRegion(ByteSpan file, int width, int height, const Rect& region,
                               const Limits& limits);

}  // namespace candid::image
