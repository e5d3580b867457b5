// Reembed: the templates of a collection made anew by the pack in use, from what was kept.
#include <fmt/format.h>

#include "candid/collections/crop.h"
#include "candid/collections/state.h"

namespace candid::collections {
namespace {

constexpr std::size_t kPage = 16;  // kept pictures in memory at once
// A face found where the stored one lay; loose, as another detector may draw another box.
constexpr float kSamePlace = 0.3f;

// The template of the face at `place`, or none where the pipeline finds no face there.
Result<std::optional<face::Template>> TemplateOf(const face::Pipeline& pipeline, ByteSpan picture,
                                                 const Region& place) {
  CANDID_ASSIGN(const face::Photo photo, pipeline.Detect(picture));
  std::optional<std::size_t> best;
  float most = kSamePlace;
  for (std::size_t i = 0; i < photo.faces().size(); ++i) {
    const Region box = FractionsOf(photo.faces()[i].box, {photo.info().width, photo.info().height});
    const float overlap = OverlapOf(box, place);
    if (overlap <= most) continue;
    most = overlap;
    best = i;
  }
  if (!best) return std::optional<face::Template>();
  CANDID_ASSIGN(auto made, pipeline.Embed(photo, {&*best, 1}));
  return std::optional(std::move(made.front()));
}

Result<std::optional<face::Template>> TemplateOf(const face::Pipeline& pipeline,
                                                 const store::KeptPixels& kept) {
  Result<std::optional<face::Template>> made = std::optional<face::Template>();
  if (!kept.crop.empty()) {
    made = TemplateOf(pipeline, kept.crop, InCrop(kept.face.box));
  } else if (!kept.file.empty()) {
    made = TemplateOf(pipeline, kept.file, kept.face.box);
  }
  // A kept picture that cannot be read is a face lost, not the end of the others.
  if (!made && ClassOf(made.error().code()) == ErrorClass::kCaller) {
    return std::optional<face::Template>();
  }
  return made;
}

// Marks a collection as being moved for as long as it lives.
class Move {
 public:
  static Result<std::unique_ptr<Move>> Begin(std::mutex& mutex, std::set<std::string>& moving,
                                             const std::string& collection) {
    const std::lock_guard guard(mutex);
    if (!moving.insert(collection).second) {
      return Fail(Code::kConflict,
                  fmt::format("collection {} is being moved already: wait for it", collection));
    }
    return std::unique_ptr<Move>(new Move(mutex, moving, collection));
  }
  ~Move() {
    const std::lock_guard guard(mutex_);
    moving_.erase(collection_);
  }
  Move(const Move&) = delete;
  Move& operator=(const Move&) = delete;

 private:
  Move(std::mutex& mutex, std::set<std::string>& moving, std::string collection)
      : mutex_(mutex), moving_(moving), collection_(std::move(collection)) {}
  std::mutex& mutex_;
  std::set<std::string>& moving_;
  const std::string collection_;
};

// Stages what can be made; fills `outcome`.
Status Stage(store::Store& store, const face::Pipeline& pipeline, const std::string& collection,
             const std::function<Status(std::size_t, std::size_t)>& progress,
             ReembedOutcome* outcome) {
  Cursor after = 0;
  std::size_t done = 0;
  while (true) {
    CANDID_ASSIGN(const auto page, store.ReadKeptPixels(collection, after, kPage));
    store::TemplateBlock block;
    for (const store::KeptPixels& kept : page.items) {
      CANDID_ASSIGN(const auto made, TemplateOf(pipeline, kept));
      if (made) {
        block.rows.push_back(kept.face.row);
        block.vectors.insert(block.vectors.end(), made->values.begin(), made->values.end());
        block.figures.push_back(made->figures);
      } else {
        outcome->lost.push_back(kept.face.face_id);
      }
      if (progress) CANDID_TRY(progress(++done, outcome->faces));
    }
    if (!block.rows.empty()) CANDID_TRY(store.StageTemplates(collection, block));
    outcome->remade += block.rows.size();
    if (!page.next) return {};
    after = *page.next;
  }
}

}  // namespace

Result<ReembedOutcome> Collections::Reembed(
    const Caller& caller, const ReembedRequest& request,
    const std::function<Status(std::size_t, std::size_t)>& progress) {
  if (state_->pipeline == nullptr) {
    return Fail(Code::kUnavailable, "no models are installed: ./up installs them");
  }
  CANDID_ASSIGN(const auto move,
                Move::Begin(state_->moving_mutex, state_->moving, request.collection));
  CANDID_ASSIGN(const Collection collection, state_->store.FindCollection(request.collection));
  ReembedOutcome outcome;
  outcome.faces = collection.face_count;
  if (collection.model.hash == state_->model.hash) {
    outcome.switched = true;  // by an earlier call
    return outcome;
  }
  CANDID_TRY(state_->store.DiscardStaged(request.collection));
  const Status staged =
      Stage(state_->store, *state_->pipeline, request.collection, progress, &outcome);
  if (!staged || (!outcome.lost.empty() && !request.drop_lost)) {
    CANDID_TRY(state_->store.DiscardStaged(request.collection));
    if (!staged) return Fail(staged.error());
    return outcome;
  }
  const OwnedRoom owned = state_->galleries.Own(request.collection);
  CANDID_TRY(state_->store.SwitchModel(request.collection, state_->model, request.drop_lost,
                                       state_->Entry(caller, "Reembed", request.collection)));
  owned.room->set_gallery(nullptr);
  owned.room->set_users(nullptr);
  outcome.switched = true;
  return outcome;
}

}  // namespace candid::collections
