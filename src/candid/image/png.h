// PNG bytes to pixels: the one place that knows libpng.
#pragma once

#include "candid/base/bytes.h"
#include "candid/image/decode.h"
#include "candid/image/image.h"

namespace candid::image {

// `info` is what Sniff said of this file. The region lies inside the picture; a plain file is read
// row by row, an interlaced one is decoded whole. kMalformed for anything cut or damaged, also
// (when the region reaches the last row) behind the pixels.
Result<Image> DecodePng(ByteSpan file, const Info& info, const Rect& region);

}  // namespace candid::image
