#include "candid/collections/collections.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "candid/base/hash.h"
#include "candid/base/ids.h"
#include "candid/collections/state.h"
#include "candid/models/pack.h"

namespace candid::collections {
namespace {

constexpr int kMinSide = 80;  // pixels; Rekognition's

Result<std::size_t> PageSize(std::size_t asked) {
  if (asked <= kMaxPage) return asked == 0 ? kDefaultPage : asked;
  return Fail(Code::kInvalidArgument,
              fmt::format("a page of {} items: at most {} are possible", asked, kMaxPage));
}

Status CheckFaceIds(const std::vector<std::string>& ids) {
  if (ids.size() <= kMaxFaceIds) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("{} face ids: at most {} are possible", ids.size(), kMaxFaceIds));
}

}  // namespace

std::vector<std::string> Unique(const std::vector<std::string>& ids) {
  std::set<std::string> seen;
  std::vector<std::string> unique;
  for (const std::string& id : ids) {
    if (seen.insert(id).second) unique.push_back(id);
  }
  return unique;
}

ModelIdentity IdentityOf(const models::Pack& pack) {
  return {pack.name, pack.Hash(), pack.version, static_cast<std::size_t>(pack.dimension())};
}

Result<Collection> Collections::State::FindOurs(const std::string& id) const {
  CANDID_ASSIGN(auto collection, store.FindCollection(id));
  if (collection.model.hash == model.hash) return collection;
  return Fail(Code::kConflict,
              fmt::format("collection {} belongs to model pack {} {} ({:.8}), the pack in use is "
                          "{} {} ({:.8}): run `candid reembed {}`, or use the other pack",
                          id, collection.model.pack, collection.model.version,
                          collection.model.hash, model.pack, model.version, model.hash, id));
}

Result<face::Photo> Collections::State::Detect(ByteSpan image,
                                               const face::AttributeSet& wanted) const {
  if (pipeline == nullptr) {
    return Fail(Code::kUnavailable, "no models are installed: ./up installs them");
  }
  CANDID_ASSIGN(auto photo, pipeline->Detect(image, wanted));
  if (std::min(photo.info().width, photo.info().height) < kMinSide) {
    return Fail(Code::kInvalidArgument,
                fmt::format("the picture is {} x {} pixels; each side must be at least {}",
                            photo.info().width, photo.info().height, kMinSide));
  }
  return photo;
}

store::AuditEntry Collections::State::Entry(const Caller& caller, std::string operation,
                                            std::string collection) const {
  return {clock.Now(), caller.key_id,  std::move(operation), std::move(collection), "ok",         0,
          0,           caller.session, caller.address,       caller.threshold,      caller.images};
}

void Collections::Audit(const Caller& caller, const std::string& operation,
                        const std::string& collection, const std::string& outcome,
                        std::uint64_t affected) {
  store::AuditEntry entry = state_->Entry(caller, operation, collection);
  entry.outcome = outcome;
  entry.affected = affected;
  state_->store.Audit(std::move(entry));
}

store::AuditHealth Collections::audit_health() const { return state_->store.audit_health(); }

Collections::Collections(store::Store& store, const face::Pipeline* pipeline, ModelIdentity model,
                         const Options& options, const Clock& clock)
    : state_(std::make_unique<State>(store, pipeline, std::move(model), options, clock)) {}
Collections::~Collections() = default;
const ModelIdentity& Collections::model() const { return state_->model; }
const decision::Scale& Collections::scale() const { return state_->options.scale; }
Loaded Collections::loaded() const { return state_->galleries.loaded(); }

Result<WarmOutcome> Collections::Warm(const std::function<Status(std::size_t)>& progress) {
  const auto start = std::chrono::steady_clock::now();
  WarmOutcome outcome;
  const FillProgress count = [&](std::size_t faces) -> Status {
    outcome.faces += faces;
    return progress ? progress(outcome.faces) : Status();
  };
  Cursor after = 0;
  while (true) {
    CANDID_ASSIGN(const auto page, state_->store.ListCollections(after, kDefaultPage));
    for (const Collection& collection : page.items) {
      if (collection.model.hash != state_->model.hash) {
        outcome.foreign.push_back(collection.id);
        continue;
      }
      const auto filled = state_->galleries.Filled(collection, count);
      // Deleted since the page was read: nothing is missing.
      if (!filled && filled.error().code() == Code::kNotFound) continue;
      if (!filled) return Fail(filled.error());
      CANDID_TRY(state_->galleries.FilledUsers(collection));
      ++outcome.collections;
    }
    if (!page.next) break;
    after = *page.next;
  }
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return outcome;
}

Result<Collection> Collections::Create(const Caller& caller, const std::string& id, Keep keep,
                                       const Tags& tags) {
  CANDID_TRY(CheckCollectionId(id));
  CANDID_TRY(CheckTags(tags));
  CANDID_ASSIGN(const std::uint64_t count, state_->store.CountCollections());
  if (count >= state_->options.max_collections) {
    return Fail(Code::kExhausted,
                fmt::format("there are {} collections, the most that are allowed", count));
  }
  CANDID_TRY(state_->CheckPromise(tags));
  return state_->store.CreateCollection({id, state_->clock.Now(), state_->model, keep, 0, 0, ""},
                                        state_->Entry(caller, "CreateCollection", id), tags);
}

Result<Collection> Collections::Describe(const std::string& id) const {
  return state_->store.FindCollection(id);
}

Result<Page<Collection>> Collections::List(Cursor after, std::size_t limit) const {
  CANDID_ASSIGN(const std::size_t size, PageSize(limit));
  return state_->store.ListCollections(after, size);
}

Status Collections::Delete(const Caller& caller, const std::string& id) {
  CANDID_TRY(state_->store.FindCollection(id));
  OwnedRoom owned = state_->galleries.Own(id);
  const auto deleted =
      state_->store.DeleteCollection(id, state_->Entry(caller, "DeleteCollection", id));
  if (!deleted && deleted.error().code() != Code::kNotFound) return Fail(deleted.error());
  state_->galleries.Erase(id, owned);
  if (!deleted) return Fail(deleted.error());
  return {};
}

Result<std::vector<store::RecordedFace>> Collections::Record(const Caller& caller,
                                                             const std::string& collection,
                                                             const store::NewImage& image,
                                                             std::vector<store::NewFace> faces) {
  CANDID_TRY(CheckExternalImageId(image.external_image_id));
  CANDID_TRY(state_->FindOurs(collection));
  std::vector<float> vectors;
  std::vector<Figures> figures;
  for (const store::NewFace& face : faces) {
    vectors.insert(vectors.end(), face.vector.begin(), face.vector.end());
    figures.push_back(face.figures);
  }
  const SharedRoom shared = state_->galleries.Share(collection);
  CANDID_ASSIGN(auto recorded,
                state_->store.RecordImage(collection, state_->model.hash, image, std::move(faces),
                                          state_->options.max_faces,
                                          state_->Entry(caller, "IndexFaces", collection)));
  const auto gallery = shared.room->gallery();
  if (gallery == nullptr) return recorded;
  const std::size_t dimension = state_->model.dimension;
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    if (!recorded[i].is_new) continue;
    CANDID_TRY(gallery->Add({&recorded[i].face.row, 1},
                            std::span(vectors).subspan(i * dimension, dimension),
                            {&figures[i], 1}));
  }
  return recorded;
}

Result<std::vector<StoredFace>> Collections::FacesOfImage(
    const std::string& collection, ByteSpan image, const std::string& external_image_id) const {
  return state_->store.FacesOfImage(collection, NamedUuid(Sha256(image)), external_image_id);
}

Result<Page<StoredFace>> Collections::ListFaces(const ListFacesRequest& request) const {
  CANDID_ASSIGN(const std::size_t limit, PageSize(request.limit));
  CANDID_TRY(CheckFaceIds(request.face_ids));
  if (request.face_ids.empty() && request.user_id.empty()) {
    return state_->store.ListFaces(request.collection, request.after, limit);
  }
  if (request.face_ids.empty()) {
    return state_->store.ListFacesOfUser(request.collection, request.user_id, request.after, limit);
  }
  if (!request.user_id.empty()) {
    CANDID_TRY(state_->store.FindUser(request.collection, request.user_id));
  }
  CANDID_ASSIGN(auto faces, state_->store.FindFaces(request.collection, Unique(request.face_ids)));
  std::erase_if(faces, [&](const StoredFace& face) {
    return face.row <= request.after ||
           (!request.user_id.empty() && face.user_id != request.user_id);
  });
  std::sort(faces.begin(), faces.end(),
            [](const StoredFace& a, const StoredFace& b) { return a.row < b.row; });
  Page<StoredFace> page{std::move(faces), {}};
  if (page.items.size() > limit) {
    page.items.resize(limit);
    page.next = page.items.back().row;
  }
  return page;
}

Result<DeleteFacesOutcome> Collections::State::EraseFaces(const Caller& caller,
                                                          const std::string& operation,
                                                          const std::string& collection,
                                                          const std::vector<std::string>& face_ids,
                                                          FacesOfUsers of_users) {
  const std::vector<std::string> asked = Unique(face_ids);
  const OwnedRoom owned = galleries.Own(collection);
  CANDID_ASSIGN(const auto there, store.FindFaces(collection, asked));
  DeleteFacesOutcome outcome;
  std::set<std::string> known, users;
  for (const StoredFace& face : there) {
    known.insert(face.face_id);
    if (face.user_id.empty() || of_users == FacesOfUsers::kErase) {
      outcome.deleted.push_back(face.face_id);
      if (!face.user_id.empty()) users.insert(face.user_id);
    } else {
      outcome.associated.push_back(face);
    }
  }
  for (const std::string& id : asked) {
    if (!known.contains(id)) outcome.not_found.push_back(id);
  }
  store::AuditEntry entry = Entry(caller, operation, collection);
  entry.refused = outcome.associated.size();
  CANDID_ASSIGN(const auto gone, store.DeleteFaces(collection, outcome.deleted, std::move(entry)));
  std::vector<gallery::Key> keys;
  for (const StoredFace& face : gone) keys.push_back(face.row);
  if (const auto gallery = owned.room->gallery()) gallery->Remove(keys);
  for (const std::string& id : users) {
    CANDID_ASSIGN(const auto user, store.FindUser(collection, id));
    CANDID_TRY(Refresh(*owned.room, collection, user.number));
  }
  return outcome;
}

Result<DeleteFacesOutcome> Collections::DeleteFaces(const Caller& caller,
                                                    const std::string& collection,
                                                    const std::vector<std::string>& face_ids) {
  CANDID_TRY(CheckFaceIds(face_ids));
  CANDID_TRY(state_->store.FindCollection(collection));
  return state_->EraseFaces(caller, "DeleteFaces", collection, face_ids,
                            State::FacesOfUsers::kKeep);
}

Result<std::uint64_t> Collections::EraseExpired() {
  std::uint64_t erased = 0;
  Cursor after = 0;
  while (true) {
    CANDID_ASSIGN(const auto page, state_->store.ListCollections(after, kDefaultPage));
    for (const Collection& collection : page.items) {
      if (collection.retention.count() == 0) continue;
      const store::Time end = state_->clock.Now() - collection.retention;
      while (true) {
        const auto old = state_->store.FacesStoredBefore(collection.id, end, kMaxFaceIds);
        // Deleted since the page was read: nothing is left to erase.
        if (!old && old.error().code() == Code::kNotFound) break;
        if (!old) return Fail(old.error());
        if (old->empty()) break;
        CANDID_ASSIGN(const auto outcome, state_->EraseFaces({}, "RetentionErase", collection.id,
                                                             *old, State::FacesOfUsers::kErase));
        erased += outcome.deleted.size();
        if (outcome.deleted.empty()) break;
      }
    }
    if (!page.next) return erased;
    after = *page.next;
  }
}

}  // namespace candid::collections
