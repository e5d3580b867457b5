// Index: photo in, faces chosen, embedded and recorded.
#include <algorithm>
#include <set>

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

// A face to be stored and, where the operator wants it, its crop.
Result<store::NewFace> NewFaceOf(const face::Face& face, const Region& box, face::Template made,
                                 ByteSpan file, Keep keep) {
  Bytes crop;
  if (keep == Keep::kCrops) {
    CANDID_ASSIGN(crop, EncodeCrop(file, box));
  }
  return store::NewFace{RandomUuid(),           box,          face.confidence, face.usefulness,
                        std::move(made.values), made.figures, std::move(crop)};
}

}  // namespace

Result<IndexOutcome> Collections::Index(const Caller& caller, const IndexRequest& request) {
  CANDID_TRY(CheckExternalImageId(request.external_image_id));
  if (request.max_faces && *request.max_faces == 0) {
    return Fail(Code::kInvalidArgument, "max_faces is 0: at least 1 face must be wanted");
  }
  CANDID_ASSIGN(const Collection collection, state_->FindOurs(request.collection));
  CANDID_ASSIGN(const face::Photo photo, state_->Detect(request.image, request.wanted));
  IndexOutcome outcome;
  outcome.picture = {photo.info().width, photo.info().height};
  outcome.model_version = collection.model.version;
  const Selection selection = Select(photo.faces(), request.filter, request.max_faces);
  const auto box_of = [&](std::size_t index) {
    return FractionsOf(photo.faces()[index].box, outcome.picture);
  };
  store::NewImage image;
  image.external_image_id = request.external_image_id;
  image.width = outcome.picture.width;
  image.height = outcome.picture.height;
  image.sha256 = Sha256(request.image);
  image.image_id = NamedUuid(image.sha256);
  if (collection.keep == Keep::kImages) image.file = request.image;
  CANDID_ASSIGN(const auto known, state_->store.FacesOfImage(request.collection, image.image_id,
                                                             request.external_image_id));
  std::vector<std::size_t> fresh;
  for (const std::size_t index : selection.chosen) {
    if (FindSame(known, box_of(index)) == nullptr) fresh.push_back(index);
  }
  CANDID_ASSIGN(auto templates, state_->pipeline->Embed(photo, fresh));
  std::vector<Refused> refused = selection.refused;
  std::set<std::size_t> declined;
  std::vector<store::NewFace> faces;
  std::size_t made = 0;
  for (const std::size_t index : selection.chosen) {
    const face::Face& face = photo.faces()[index];
    if (const StoredFace* same = FindSame(known, box_of(index))) {
      outcome.indexed.push_back({*same, face, false});
      continue;
    }
    face::Template& own = templates[made++];
    if (state_->Declines(own)) {
      refused.push_back({index, {Reason::kLowFaceQuality}});
      declined.insert(index);
      continue;
    }
    CANDID_ASSIGN(auto fresh_face,
                  NewFaceOf(face, box_of(index), std::move(own), request.image, collection.keep));
    faces.push_back(std::move(fresh_face));
    outcome.indexed.push_back({{}, face, true});
  }
  std::sort(refused.begin(), refused.end(),
            [](const Refused& a, const Refused& b) { return a.face < b.face; });
  for (const Refused& one : refused) {
    outcome.unindexed.push_back(
        {photo.faces()[one.face], one.reasons, declined.contains(one.face)});
  }
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
