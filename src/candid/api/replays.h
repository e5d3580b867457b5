// Replays: which signed changes were asked for already. A signature holds for minutes, and whoever
// recorded a request could send it again after what it did was undone: index a face that has been
// deleted since, delete a collection that has been made anew.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string_view>
#include <unordered_map>

namespace candid::api {

// Thread-safe; memory is bounded by the capacity, beyond which the oldest is forgotten.
class Replays {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Clients sign to the second and some send a request again at once after a broken connection:
  // within this time the same signature is the same request, later it is somebody's copy.
  static constexpr std::chrono::seconds kSameRequest{5};
  // A signature holds five minutes either way of its date.
  static constexpr std::chrono::minutes kMemory{11};

  explicit Replays(std::size_t capacity = 200'000) : capacity_(capacity) {}

  // Whether a change with this signature (64 hexadecimal digits, found good) may be made.
  bool Admit(std::string_view signature, Time now = std::chrono::steady_clock::now());
  std::size_t size() const;

 private:
  using Key = std::array<char, 32>;  // half of the digits tell signatures apart
  struct HashOfKey {
    std::size_t operator()(const Key& key) const {
      return std::hash<std::string_view>()({key.data(), key.size()});
    }
  };
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::unordered_map<Key, Time, HashOfKey> first_;
  std::deque<std::pair<Time, Key>> order_;
};

}  // namespace candid::api
