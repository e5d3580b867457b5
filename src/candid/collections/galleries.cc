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

std::shared_ptr<UserGallery> Room::users() const {
  const std::lock_guard guard(pointer_);
  return users_;
}

void Room::set_users(std::shared_ptr<UserGallery> users) {
  const std::lock_guard guard(pointer_);
  users_.swap(users);
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

Result<std::shared_ptr<UserGallery>> Galleries::FilledUsers(const Collection& collection) {
  if (auto users = RoomOf(collection.id)->users()) return users;
  const OwnedRoom owned = Own(collection.id);
  if (auto users = owned.room->users()) return users;
  CANDID_ASSIGN(auto users, FillUsers(collection));
  owned.room->set_users(users);
  return users;
}

Result<std::shared_ptr<UserGallery>> Galleries::FillUsers(const Collection& collection) const {
  auto users = std::make_shared<UserGallery>(collection.model.dimension, options_);
  CANDID_TRY(store_.ReadUserFaces(
      collection.id, [&](UserNumber user, const std::vector<store::UserFace>& faces) -> Status {
        const Status put = users->Put(user, faces);
        if (put) return {};
        return Fail(Code::kCorrupt, "the templates of collection " + collection.id + " in " +
                                        store_.database().string() +
                                        " are damaged: restore a backup (" + put.error().message() +
                                        ")");
      }));
  return users;
}

void Galleries::Erase(const std::string& collection, OwnedRoom& owned) {
  owned.room->erased_ = true;
  owned.room->set_gallery(nullptr);
  owned.room->set_users(nullptr);
  const std::lock_guard guard(mutex_);
  rooms_.erase(collection);
}

Loaded Galleries::loaded() const {
  const std::lock_guard guard(mutex_);
  Loaded loaded;
  for (const auto& [id, room] : rooms_) {
    if (const auto users = room->users()) {
      loaded.users += users->size();
      loaded.bytes += users->bytes();
    }
    const auto gallery = room->gallery();
    if (gallery == nullptr) continue;
    ++loaded.collections;
    loaded.faces += gallery->size();
    loaded.bytes += gallery->bytes();
  }
  return loaded;
}

}  // namespace candid::collections
