// Arena: the memory of activations.
#pragma once

#include <cstddef>

#include "candid/base/pages.h"
#include "candid/base/result.h"

namespace candid::infer {

// One thread at a time. Sessions that a thread runs one after the other may share one: it is as
// large as the largest of them wants.
class Arena {
 public:
  // At least `bytes`, zeroed where they are new memory, which data() then is. kUnavailable.
  Status Reserve(std::size_t bytes);

  std::byte* data() const { return pages_.data(); }
  std::size_t bytes() const { return pages_.bytes(); }

 private:
  Pages pages_;
};

}  // namespace candid::infer
