// The one EXIF tag that moves pixels: Orientation (CIPA DC-008, tag 0x0112 of IFD0).
#pragma once

#include "candid/base/bytes.h"

namespace candid::image {

// `app1` is the payload of a JPEG APP1 segment, from "Exif" on. Returns 1-8; 1 where the block is
// no EXIF, says nothing or says nonsense: a camera's broken metadata must not refuse its photo.
// Reads only inside `app1`, allocates nothing, looks at IFD0 alone.
int ExifOrientation(ByteSpan app1);

}  // namespace candid::image
