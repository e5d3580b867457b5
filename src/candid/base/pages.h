// Pages: large memory straight from the kernel, which goes back whole when it is let go.
#pragma once

#include <cstddef>
#include <utility>

namespace candid {

// With huge ones a pass over much memory does not wait for page tables as well, but the first byte
// takes 2 MiB. Where the kernel has none they are small.
enum class PageSize { kSmall, kHuge };

// Zeroed; takes no room until it is written to.
class Pages {
 public:
  Pages() = default;
  // At least one byte. bad_alloc.
  Pages(std::size_t bytes, PageSize size);
  ~Pages();
  Pages(Pages&& other) noexcept { *this = std::move(other); }
  Pages& operator=(Pages&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  std::byte* data() const { return memory_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::byte* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace candid
