#include "faces.h"

#include <algorithm>
#include <cstdlib>

namespace candid::accuracy {
namespace {

std::filesystem::path FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Result<models::Pack> DefaultPack() {
  return models::ReadManifest(FromEnvironment("CANDID_BUILD_DIR") / "models" /
                              "candid-default.toml");
}

std::filesystem::path LfwFolder() {
  return FromEnvironment("CANDID_SOURCE_DIR") / "../shared/data/lfw-dev";
}

std::vector<std::filesystem::path> LfwImages(std::size_t step, std::size_t first) {
  const auto folder = LfwFolder() / "images";
  if (!std::filesystem::is_directory(folder)) return {};
  std::vector<std::filesystem::path> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".jpg") all.push_back(entry.path());
  }
  std::sort(all.begin(), all.end());
  std::vector<std::filesystem::path> some;
  for (std::size_t i = first; i < all.size(); i += step) some.push_back(all[i]);
  return some;
}

}  // namespace candid::accuracy
