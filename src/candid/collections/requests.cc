#include "candid/collections/requests.h"

#include <fmt/format.h>

#include <algorithm>

#include "candid/collections/user_requests.h"

namespace candid::collections {
namespace {

constexpr std::size_t kMaxIdLength = 255;
constexpr std::size_t kMaxUserIdLength = 128;

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

}  // namespace

Status CheckCollectionId(const std::string& id) {
  if (!id.empty() && id.size() <= kMaxIdLength &&
      std::all_of(id.begin(), id.end(), IsWordCharacter)) {
    return {};
  }
  return Fail(Code::kInvalidArgument,
              "a collection id has 1 to 255 characters out of a-z A-Z 0-9 _ . -");
}

Status CheckExternalImageId(const std::string& id) {
  const bool clean =
      std::all_of(id.begin(), id.end(), [](char c) { return c == ':' || IsWordCharacter(c); });
  if (clean && id.size() <= kMaxIdLength) return {};
  return Fail(Code::kInvalidArgument,
              "an external image id has 1 to 255 characters out of a-z A-Z 0-9 _ . : -");
}

Status CheckUserId(const std::string& id) {
  const bool clean =
      std::all_of(id.begin(), id.end(), [](char c) { return c == ':' || IsWordCharacter(c); });
  if (clean && !id.empty() && id.size() <= kMaxUserIdLength) return {};
  return Fail(Code::kInvalidArgument,
              "a user id has 1 to 128 characters out of a-z A-Z 0-9 _ . : -");
}

Status CheckMatches(std::size_t count) {
  if (count >= 1 && count <= kMaxMatches) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("{} matches asked for: 1 to {} are possible", count, kMaxMatches));
}

Status CheckSimilarity(double similarity) {
  if (similarity >= 0 && similarity <= 100) return {};
  return Fail(Code::kInvalidArgument, "a similarity lies between 0 and 100");
}

std::string_view NameOf(Reason reason) {
  switch (reason) {
    case Reason::kExceedsMaxFaces:
      return "EXCEEDS_MAX_FACES";
    case Reason::kExtremePose:
      return "EXTREME_POSE";
    case Reason::kLowBrightness:
      return "LOW_BRIGHTNESS";
    case Reason::kLowSharpness:
      return "LOW_SHARPNESS";
    case Reason::kLowConfidence:
      return "LOW_CONFIDENCE";
    case Reason::kSmallBoundingBox:
      return "SMALL_BOUNDING_BOX";
    case Reason::kLowFaceQuality:
      return "LOW_FACE_QUALITY";
    case Reason::kFaceNotLargest:
      return "FACE_NOT_LARGEST";
  }
  return "LOW_FACE_QUALITY";
}

Region FractionsOf(const face::Box& box, const PictureSize& picture) {
  const auto width = static_cast<float>(picture.width);
  const auto height = static_cast<float>(picture.height);
  return {box.left / width, box.top / height, box.width / width, box.height / height};
}

float OverlapOf(const Region& a, const Region& b) {
  const float width = std::min(a.left + a.width, b.left + b.width) - std::max(a.left, b.left);
  const float height = std::min(a.top + a.height, b.top + b.height) - std::max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const float both = width * height;
  return both / (a.width * a.height + b.width * b.height - both);
}

}  // namespace candid::collections
