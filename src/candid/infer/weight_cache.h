// WeightCache: weights laid out for a primitive, once per model, precision and layout.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace candid::infer {

// Thread-safe. The owner of what is stored is whoever holds the pointer and the cache.
class WeightCache {
 public:
  // The entry of `source` (a tensor that outlives the cache) for which `fits` is true, else what
  // `make` returns, which is kept. Both run under the lock.
  std::shared_ptr<const void> Get(const void* source, const std::function<bool(const void*)>& fits,
                                  const std::function<std::shared_ptr<const void>()>& make) {
    const std::lock_guard lock(mutex_);
    auto& entries = entries_[source];
    for (const auto& entry : entries) {
      if (fits(entry.get())) return entry;
    }
    return entries.emplace_back(make());
  }

 private:
  std::mutex mutex_;
  std::unordered_map<const void*, std::vector<std::shared_ptr<const void>>> entries_;
};

}  // namespace candid::infer
