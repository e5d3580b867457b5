#include "candid/collections/galleries.h"

namespace candid::collections {

std::shared_ptr<gallery::Index> Room::gallery() const {
  const std::lock_guard guard(pointer_);
  return gallery_;
}

void Room::set_gallery(std::shared_ptr<gallery::Index> gallery) {
  const std::lock_guard guard(pointer_);
  gallery_.swap(gallery);
}

std::shared_ptr<Room> Galleries::RoomOf(const std::string& collection) {
  const std::lock_guard guard(mutex_);
  auto& room = rooms_[collection];
  if (room == nullptr) room = std::make_shared<Room>();
  return room;
}

SharedRoom Galleries::Share(const std::string& collection) {
  while (true) {
    auto room = RoomOf(collection);
    std::unique_lock turn(room->turn_);
    std::shared_lock lock(room->mutex_);
    turn.unlock();
    if (!room->erased_) return {std::move(room), std::move(lock)};
  }
}

OwnedRoom Galleries::Own(const std::string& collection) {
  while (true) {
    auto room = RoomOf(collection);
    std::unique_lock turn(room->turn_);
    std::unique_lock lock(room->mutex_);
    turn.unlock();
    if (!room->erased_) return {std::move(room), std::move(lock)};
  }
}

Result<std::shared_ptr<gallery::Index>> Galleries::Filled(const Collection& collection,
                                                          const FillProgress& progress) {
  if (auto gallery = RoomOf(collection.id)->gallery()) return gallery;
  const OwnedRoom owned = Own(collection.id);
  if (auto gallery = owned.room->gallery()) return gallery;
  CANDID_ASSIGN(auto gallery, Fill(collection, progress));
  owned.room->set_gallery(gallery);
  return gallery;
}

Result<std::shared_ptr<gallery::Index>> Galleries::Fill(const Collection& collection,
                                                        const FillProgress& progress) const {
  std::shared_ptr<gallery::Index> gallery =
      gallery::MakeFlatIndex(collection.model.dimension, options_);
  const auto take = [&](const store::TemplateBlock& block) -> Status {
    const Status added = gallery->Add(block.rows, block.vectors, block.figures);
    if (!added) {
      return Fail(Code::kCorrupt, "the templates of collection " + collection.id + " in " +
                                      store_.database().string() +
                                      " are damaged: restore a backup (" + added.error().message() +
                                      ")");
    }
    return progress ? progress(block.rows.size()) : Status();
  };
  CANDID_TRY(store_.ReadTemplates(collection.id, take));
  return gallery;
}

void Galleries::Erase(const std::string& collection, OwnedRoom& owned) {
  owned.room->erased_ = true;
  owned.room->set_gallery(nullptr);
  const std::lock_guard guard(mutex_);
  rooms_.erase(collection);
}

Loaded Galleries::loaded() const {
  const std::lock_guard guard(mutex_);
  Loaded loaded;
  for (const auto& [id, room] : rooms_) {
    const auto gallery = room->gallery();
    if (gallery == nullptr) continue;
    ++loaded.collections;
    loaded.faces += gallery->size();
    loaded.bytes += gallery->bytes();
  }
  return loaded;
}

}  // namespace candid::collections
