#include "candid/collections/testing_photos.h"

#include <algorithm>
#include <cstdlib>

#include "candid/base/files.h"
#include "candid/image/decode.h"
#include "candid/image/encode.h"

namespace candid::collections {
namespace {

std::filesystem::path FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::optional<models::Pack> InstalledPack() {
  auto pack = models::ReadManifest(FromEnvironment("CANDID_BUILD_DIR") / "models" /
                                   "candid-default" / "pack.toml");
  if (!pack) return std::nullopt;
  return *std::move(pack);
}

std::vector<std::vector<Bytes>> ReadPhotos() {
  std::vector<std::vector<Bytes>> people;
  std::error_code absent;
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(
           FromEnvironment("CANDID_SOURCE_DIR") / "../shared/data/lfw-dev/images", absent)) {
    folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  for (const auto& folder : folders) {
    std::vector<std::filesystem::path> files;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      files.push_back(file.path());
    }
    std::sort(files.begin(), files.end());
    if (files.size() < 3) continue;
    auto& photos = people.emplace_back();
    for (std::size_t i = 0; i < 3; ++i) photos.push_back(*ReadFile(files[i], 1 << 20));
    if (people.size() == 2) break;
  }
  return people;
}

Bytes Beside(ByteSpan left, ByteSpan right) {
  const auto a = *image::Source::Open(left)->Decode();
  const auto b = *image::Source::Open(right)->Decode();
  image::Image both{a.width + b.width, std::max(a.height, b.height), {}};
  both.rgb.assign(static_cast<std::size_t>(both.width) * static_cast<std::size_t>(both.height) * 3,
                  0);
  for (int y = 0; y < a.height; ++y) std::copy_n(a.row(y), a.width * 3, both.row(y));
  for (int y = 0; y < b.height; ++y) {
    std::copy_n(b.row(y), b.width * 3, both.row(y) + a.width * 3);
  }
  return *image::EncodePng(both);
}

}  // namespace candid::collections
