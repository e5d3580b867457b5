// StateLock: one process at a time writes to a state folder.
#pragma once

#include <filesystem>
#include <memory>

#include "candid/base/result.h"

namespace candid::store {

// Held until it goes, and let go by the system when the process dies.
class StateLock {
 public:
  // kConflict names the process that holds it.
  static Result<std::unique_ptr<StateLock>> Take(const std::filesystem::path& folder);
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

 private:
  explicit StateLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace candid::store
