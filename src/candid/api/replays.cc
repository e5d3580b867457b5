#include "candid/api/replays.h"

#include <algorithm>

namespace candid::api {

bool Replays::Admit(std::string_view signature, Time now) {
  Key key{};
  std::copy_n(signature.begin(), std::min(signature.size(), key.size()), key.begin());
  const std::lock_guard guard(mutex_);
  while (!order_.empty() && (order_.size() >= capacity_ || now - order_.front().first > kMemory)) {
    first_.erase(order_.front().second);
    order_.pop_front();
  }
  const auto [known, is_new] = first_.try_emplace(key, now);
  if (!is_new) return now - known->second <= kSameRequest;
  order_.emplace_back(now, key);
  return true;
}

std::size_t Replays::size() const {
  const std::lock_guard guard(mutex_);
  return first_.size();
}

}  // namespace candid::api
