#include "candid/collections/crop.h"

#include <algorithm>
#include <cmath>

#include "candid/image/decode.h"
#include "candid/image/encode.h"

namespace candid::collections {
namespace {

constexpr int kCropQuality = 95;

}  // namespace

Region CropOf(const Region& face) {
  const float left = std::clamp(face.left - face.width / 2, 0.0f, 1.0f);
  const float top = std::clamp(face.top - face.height / 2, 0.0f, 1.0f);
  const float right = std::clamp(face.left + 1.5f * face.width, 0.0f, 1.0f);
  const float bottom = std::clamp(face.top + 1.5f * face.height, 0.0f, 1.0f);
  return {left, top, right - left, bottom - top};
}

Region InCrop(const Region& face) {
  const Region crop = CropOf(face);
  return {(face.left - crop.left) / crop.width, (face.top - crop.top) / crop.height,
          face.width / crop.width, face.height / crop.height};
}

Result<Bytes> EncodeCrop(ByteSpan file, const Region& face) {
  CANDID_ASSIGN(const auto source, image::Source::Open(file));
  const Region crop = CropOf(face);
  const auto cut = [](float fraction, int side) {
    return static_cast<int>(std::lround(fraction * static_cast<float>(side)));
  };
  const int width = source.info().width, height = source.info().height;
  image::Rect region{std::min(cut(crop.left, width), width - 1),
                     std::min(cut(crop.top, height), height - 1), 0, 0};
  region.width = std::clamp(cut(crop.width, width), 1, width - region.x);
  region.height = std::clamp(cut(crop.height, height), 1, height - region.y);
  CANDID_ASSIGN(const auto pixels, source.DecodeRegion(region));
  return image::EncodeJpeg(pixels, kCropQuality);
}

}  // namespace candid::collections
