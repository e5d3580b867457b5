// Sniff, decode whole, scaled and in part: whatever the bytes, an Image of the size announced or an
// error, and a region that equals its part of the whole.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "candid/image/decode.h"

namespace candid::image {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckRegion(const Source& source, const Image& whole) {
  const Rect region{whole.width / 3, whole.height / 3, (whole.width + 2) / 3,
                    (whole.height + 2) / 3};
  const auto part = source.DecodeRegion(region);
  Require(part.has_value());
  for (int y = 0; y < region.height; ++y) {
    const std::uint8_t* from = whole.row(region.y + y) + static_cast<std::ptrdiff_t>(region.x) * 3;
    Require(std::equal(part->row(y), part->row(y) + static_cast<std::ptrdiff_t>(region.width) * 3,
                       from));
  }
}

void Try(ByteSpan file) {
  Limits limits;
  limits.max_bytes = 1 << 16;
  limits.max_pixels = 1 << 16;
  limits.max_side = 2000;
  limits.max_scans = 10;
  limits.max_codec_bytes = 1 << 20;
  const auto source = Source::Open(file, limits);
  if (!source) return Require(!source.error().message().empty());
  const auto whole = source->Decode();
  if (!whole) return Require(!whole.error().message().empty());
  Require(whole->width == source->info().width && whole->height == source->info().height);
  CheckRegion(*source, *whole);
  const auto small = source->Decode(4);
  Require(!small || small->width == (whole->width + 3) / 4);
}

}  // namespace
}  // namespace candid::image

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  candid::image::Try({data, size});
  return 0;
}
