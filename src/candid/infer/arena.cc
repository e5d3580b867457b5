#include "candid/infer/arena.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>

#include "candid/infer/memory_plan.h"

namespace candid::infer {

Status Arena::Reserve(std::size_t bytes) {
  if (bytes <= bytes_) return {};
  memory_.reset();
  bytes_ = 0;
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  const std::size_t unit = bytes < kHugePage ? kArenaAlignment : kHugePage;
  const std::size_t whole = (bytes + unit - 1) / unit * unit;
  memory_.reset(static_cast<std::byte*>(std::aligned_alloc(unit, whole)));
  if (memory_ == nullptr) {
    return Fail(Code::kUnavailable,
                fmt::format("no memory for {} MiB of activations", whole >> 20));
  }
  // A kernel without huge pages says so and gives small ones.
  if (unit == kHugePage) (void)madvise(memory_.get(), whole, MADV_HUGEPAGE);
  std::fill_n(memory_.get(), whole, std::byte{0});
  bytes_ = whole;
  return {};
}

}  // namespace candid::infer
