// BodyRoom: memory for one request's body, taken from what all connections share.
#pragma once

#include <atomic>
#include <cstddef>

namespace candid::net {

// One thread grows rooms, so that nothing comes between the look and the taking; any may read the
// total.
class BodyRoom {
 public:
  // Both outlive the room; together all rooms of `total` hold at most `limit` bytes.
  BodyRoom(std::atomic<std::size_t>& total, std::size_t limit) : total_(total), limit_(limit) {}
  BodyRoom(const BodyRoom&) = delete;
  BodyRoom& operator=(const BodyRoom&) = delete;
  ~BodyRoom() { total_ -= size_; }

  // False, and nothing taken, where there is not that much.
  bool GrowTo(std::size_t size) {
    if (size <= size_) return true;
    if (total_ + (size - size_) > limit_) return false;
    total_ += size - size_;
    size_ = size;
    return true;
  }

 private:
  std::atomic<std::size_t>& total_;
  const std::size_t limit_;
  std::size_t size_ = 0;
};

}  // namespace candid::net
