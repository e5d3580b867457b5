// Crop: the part of a picture that is kept of a face, so that another pack can make its template.
#pragma once

#include "candid/collections/requests.h"

namespace candid::collections {

// Twice the face's box around its middle, cut at the picture's border; fractions of the picture.
Region CropOf(const Region& face);

// Where the face lies in that crop; fractions of the crop.
Region InCrop(const Region& face);

// The crop's pixels of `file` as JPEG.
Result<Bytes> EncodeCrop(ByteSpan file, const Region& face);

}  // namespace candid::collections
