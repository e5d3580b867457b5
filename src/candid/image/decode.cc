#include "candid/image/decode.h"

#include <fmt/format.h>

#include <utility>

#include "candid/image/jpeg.h"
#include "candid/image/orientation.h"
#include "candid/image/png.h"
#include "candid/image/resample.h"

namespace candid::image {

Result<Source> Source::Open(ByteSpan file, const Limits& limits) {
  CANDID_ASSIGN(const Info info, Sniff(file, limits));
  return Source(file, info, limits);
}

Result<Image> Source::Decode(int divisor) const {
  if (divisor != 1 && divisor != 2 && divisor != 4 && divisor != 8) {
    return Fail(Code::kInvalidArgument,
                fmt::format("cannot decode at 1/{}; the divisor is 1, 2, 4 or 8", divisor));
  }
  if (info_.format == Format::kPng) {
    CANDID_ASSIGN(Image image, DecodePng(file_, info_, {0, 0, info_.width, info_.height}));
    for (; divisor > 1; divisor /= 2) image = Halve(image);
    return image;
  }
  const bool turned = Transposes(info_.orientation);
  CANDID_ASSIGN(Image stored, DecodeJpeg(file_, turned ? info_.height : info_.width,
                                         turned ? info_.width : info_.height, divisor, limits_));
  return Upright(std::move(stored), info_.orientation);
}

Result<Image> Source::DecodeRegion(const Rect& region) const {
  const bool inside = region.x >= 0 && region.y >= 0 && region.width > 0 && region.height > 0 &&
                      region.x <= info_.width - region.width &&
                      region.y <= info_.height - region.height;
  if (!inside) {
    return Fail(Code::kInvalidArgument,
                fmt::format("region {}+{} x {}+{} is not inside the picture of {} x {}", region.x,
                            region.width, region.y, region.height, info_.width, info_.height));
  }
  if (info_.format == Format::kPng) return DecodePng(file_, info_, region);
  const bool turned = Transposes(info_.orientation);
  const int width = turned ? info_.height : info_.width;
  const int height = turned ? info_.width : info_.height;
  const Rect stored = StoredRect(region, width, height, info_.orientation);
  CANDID_ASSIGN(Image image, DecodeJpegRegion(file_, width, height, stored, limits_));
  return Upright(std::move(image), info_.orientation);
}

}  // namespace candid::image
