// Index: photo in, faces chosen, embedded and recorded.
#include <algorithm>

#include "candid/base/hash.h"
#include "candid/base/ids.h"
#include "candid/collections/crop.h"
#include "candid/collections/selection.h"
#include "candid/collections/state.h"

namespace candid::collections {
namespace {

// Boxes that overlap by more than this are the same face of the same picture; the store's rule.
constexpr float kSameFace = 0.5f;

const StoredFace* FindSame(const std::vector<StoredFace>& known, const Region& box) {
  const auto found = std::find_if(known.begin(), known.end(), [&](const StoredFace& face) {
    return OverlapOf(face.box, box) > kSameFace;
  });
  return found == known.end() ? nullptr : &*found;
}

struct Chosen {
  std::size_t face = 0;  // index into the photo's faces
  Region box;
};

// The chosen faces with their templates and, where the operator wants them, their crops.
Result<std::vector<store::NewFace>> Embed(const face::Pipeline& pipeline, const face::Photo& photo,
                                          ByteSpan file, const std::vector<Chosen>& chosen,
                                          Keep keep) {
  std::vector<std::size_t> which;
  for (const Chosen& one : chosen) which.push_back(one.face);
  CANDID_ASSIGN(auto templates, pipeline.Embed(photo, which));
  std::vector<store::NewFace> faces;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const face::Face& face = photo.faces()[chosen[i].face];
    Bytes crop;
    if (keep == Keep::kCrops) {
      CANDID_ASSIGN(crop, EncodeCrop(file, chosen[i].box));
    }
    faces.push_back({RandomUuid(), chosen[i].box, face.confidence, face.usefulness,
                     std::move(templates[i].values), templates[i].figures, std::move(crop)});
  }
  return faces;
}

}  // namespace

Result<IndexOutcome> Collections::Index(const Caller& caller, const IndexRequest& request) {
  CANDID_TRY(CheckExternalImageId(request.external_image_id));
  if (request.max_faces && *request.max_faces == 0) {
    return Fail(Code::kInvalidArgument, "max_faces is 0: at least 1 face must be wanted");
  }
  CANDID_ASSIGN(const Collection collection, state_->FindOurs(request.collection));
  CANDID_ASSIGN(const face::Photo photo, state_->Detect(request.image));
  IndexOutcome outcome;
  outcome.picture = {photo.info().width, photo.info().height};
  outcome.model_version = collection.model.version;
  const Selection selection = Select(photo.faces(), request.filter, request.max_faces);
  for (const Refused& refused : selection.refused) {
    outcome.unindexed.push_back({photo.faces()[refused.face], refused.reasons});
  }
  store::NewImage image;
  image.external_image_id = request.external_image_id;
  image.width = outcome.picture.width;
  image.height = outcome.picture.height;
  image.sha256 = Sha256(request.image);
  image.image_id = NamedUuid(image.sha256);
  if (collection.keep == Keep::kImages) image.file = request.image;
  CANDID_ASSIGN(const auto known, state_->store.FacesOfImage(request.collection, image.image_id,
                                                             request.external_image_id));
  std::vector<Chosen> fresh;
  for (const std::size_t index : selection.chosen) {
    const face::Face& face = photo.faces()[index];
    const Region box = FractionsOf(face.box, outcome.picture);
    const StoredFace* same = FindSame(known, box);
    if (same == nullptr) fresh.push_back({index, box});
    outcome.indexed.push_back({same == nullptr ? StoredFace{} : *same, face, same == nullptr});
  }
  CANDID_ASSIGN(auto faces, Embed(*state_->pipeline, photo, request.image, fresh, collection.keep));
  // A picture without new faces changes nothing, and still leaves its line in the trail.
  CANDID_ASSIGN(const auto recorded, Record(caller, request.collection, image, std::move(faces)));
  std::size_t next = 0;
  for (IndexedFace& face : outcome.indexed) {
    if (!face.is_new) continue;
    face.stored = recorded[next].face;
    face.is_new = recorded[next].is_new;  // another call may have been faster
    ++next;
  }
  outcome.timings = photo.timings();
  return outcome;
}

}  // namespace candid::collections
