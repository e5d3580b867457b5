// fill_collection STATE PACK.TOML COLLECTION FACES: a collection of made-up people, through the
// store's own calls. Templates are random unit vectors.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "candid/base/clock.h"
#include "candid/base/ids.h"
#include "candid/collections/collections.h"
#include "candid/models/pack.h"
#include "candid/store/store.h"

namespace candid {
namespace {

constexpr std::size_t kFacesOfImage = 100;

std::vector<float> RandomTemplate(std::size_t dimension, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> vector(dimension);
  double square = 0;
  for (float& value : vector) {
    value = normal(random);
    square += double{value} * double{value};
  }
  for (float& value : vector) value /= static_cast<float>(std::sqrt(square));
  return vector;
}

Status Fill(const char* state, const char* manifest, const std::string& collection,
            std::size_t count) {
  CANDID_ASSIGN(const auto pack, models::ReadManifest(manifest));
  CANDID_ASSIGN(const auto store, store::Store::Open(state));
  const auto model = collections::IdentityOf(pack);
  CANDID_TRY(store->CreateCollection(
      {collection, SystemClock().Now(), model, store::Keep::kNone, 0, {}, {}}, {}));
  std::mt19937 random(7);
  for (std::size_t done = 0; done < count; done += kFacesOfImage) {
    std::vector<store::NewFace> faces;
    for (std::size_t i = 0; i < std::min(kFacesOfImage, count - done); ++i) {
      const float left = static_cast<float>(i) / kFacesOfImage;
      faces.push_back({{},
                       {left, 0, 0.5f / kFacesOfImage, 0.1f},
                       1,
                       1,
                       RandomTemplate(model.dimension, random),
                       {},
                       {}});
    }
    const store::NewImage image{RandomUuid(), "", {}, 1000, 1000, {}};
    CANDID_TRY(store->RecordImage(collection, model.hash, image, std::move(faces), count, {}));
  }
  return {};
}

}  // namespace
}  // namespace candid

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: fill_collection STATE PACK.TOML COLLECTION FACES\n");
    return 2;
  }
  const candid::Status filled =
      candid::Fill(argv[1], argv[2], argv[3], std::strtoull(argv[4], nullptr, 10));
  if (filled) return 0;
  std::fprintf(stderr, "fill_collection: %s\n", filled.error().message().c_str());
  return 1;
}
