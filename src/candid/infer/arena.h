// Arena: the memory of activations.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

#include "candid/base/result.h"

namespace candid::infer {

// One thread at a time. Sessions that a thread runs one after the other may share one: it is as
// large as the largest of them wants.
class Arena {
 public:
  // At least `bytes`, zeroed where they are new memory, which data() then is. kUnavailable.
  Status Reserve(std::size_t bytes);

  std::byte* data() const { return memory_.get(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };

  std::unique_ptr<std::byte, Free> memory_;
  std::size_t bytes_ = 0;
};

}  // namespace candid::infer
