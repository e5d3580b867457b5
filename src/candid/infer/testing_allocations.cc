// In a file of its own: replaced operators must not be inlined into what they count.
#include "candid/infer/testing_allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<int> allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
// Sorting asks by this one, and AddressSanitizer's own would not go with the delete below.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace candid::infer::testing {

CountAllocations::CountAllocations() : before_(allocations) {}
int CountAllocations::so_far() const { return allocations - before_; }

}  // namespace candid::infer::testing
