#include "candid/infer/arena.h"

#include <fmt/format.h>

#include <new>

namespace candid::infer {

Status Arena::Reserve(std::size_t bytes) {
  if (bytes <= pages_.bytes()) return {};
  pages_ = Pages();
  try {
    pages_ = Pages(bytes, PageSize::kHuge);
  } catch (const std::bad_alloc&) {
    return Fail(Code::kUnavailable,
                fmt::format("no memory for {} MiB of activations", bytes >> 20));
  }
  return {};
}

}  // namespace candid::infer
