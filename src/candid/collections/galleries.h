// Galleries: what is held in memory of each collection, and who may touch it when. Private to this
// folder.
//
// Changes that add faces share a collection's room, since the store orders them; changes that take
// away own it, so that nothing taken away can be put back by a slower one. A search needs neither:
// it keeps the gallery it began with, and what it found is looked up in the store afterwards.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "candid/collections/requests.h"
#include "candid/collections/user_gallery.h"
#include "candid/gallery/flat_index.h"
#include "candid/store/store.h"

namespace candid::collections {

// One collection's place in memory.
class Room {
 public:
  // Null: not filled yet; the store has everything.
  std::shared_ptr<gallery::Index> gallery() const;
  void set_gallery(std::shared_ptr<gallery::Index> gallery);
  std::shared_ptr<UserGallery> users() const;
  void set_users(std::shared_ptr<UserGallery> users);

 private:
  friend class Galleries;
  // All pass turn_ in order of arrival: sharers that overlap would keep an owner out for ever.
  std::mutex turn_;
  std::shared_mutex mutex_;
  bool erased_ = false;  // by an owner: the room is no longer the collection's
  mutable std::mutex pointer_;
  std::shared_ptr<gallery::Index> gallery_;
  std::shared_ptr<UserGallery> users_;
};

struct SharedRoom {
  std::shared_ptr<Room> room;
  std::shared_lock<std::shared_mutex> lock;
};
struct OwnedRoom {
  std::shared_ptr<Room> room;
  std::unique_lock<std::shared_mutex> lock;
};

// Hears of faces filled in; an error ends the filling.
using FillProgress = std::function<Status(std::size_t faces)>;

// Thread-safe. Ask only for collections that the store has.
class Galleries {
 public:
  Galleries(const store::Store& store, const gallery::FlatOptions& options)
      : store_(store), options_(options) {}

  SharedRoom Share(const std::string& collection);
  OwnedRoom Own(const std::string& collection);
  // The collection's gallery, filled from the store where it was not.
  Result<std::shared_ptr<gallery::Index>> Filled(const Collection& collection,
                                                 const FillProgress& progress = nullptr);
  Result<std::shared_ptr<UserGallery>> FilledUsers(const Collection& collection);
  // Forgets the collection; those who wait for the room find another.
  void Erase(const std::string& collection, OwnedRoom& owned);

  Loaded loaded() const;

 private:
  std::shared_ptr<Room> RoomOf(const std::string& collection);
  Result<std::shared_ptr<gallery::Index>> Fill(const Collection& collection,
                                               const FillProgress& progress) const;
  Result<std::shared_ptr<UserGallery>> FillUsers(const Collection& collection) const;

  const store::Store& store_;
  const gallery::FlatOptions options_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Room>, std::less<>> rooms_;
};

}  // namespace candid::collections
