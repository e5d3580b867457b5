#include "candid/base/pages.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace candid {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::byte* Map(std::size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return static_cast<std::byte*>(memory);
}

// Only what is aligned to a huge page can be one: map more and cut off the ends.
std::byte* MapHuge(std::size_t bytes) {
  std::byte* memory = Map(bytes + kHugePage);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(memory) % kHugePage;
  if (before > 0) munmap(memory, before);
  if (before < kHugePage) munmap(memory + before + bytes, kHugePage - before);
  (void)madvise(memory + before, bytes, MADV_HUGEPAGE);  // a kernel without them refuses
  return memory + before;
}

std::size_t RoundUp(std::size_t bytes, std::size_t unit) {
  if (bytes > SIZE_MAX / 2) throw std::bad_alloc();
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

Pages::Pages(std::size_t bytes, PageSize size) {
  bytes_ = RoundUp(bytes, size == PageSize::kHuge ? kHugePage : 4096);
  memory_ = size == PageSize::kHuge ? MapHuge(bytes_) : Map(bytes_);
}

Pages::~Pages() {
  if (memory_ != nullptr) munmap(memory_, bytes_);
}

}  // namespace candid
