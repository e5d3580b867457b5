// CountAllocations: how often this program called operator new. Link testing_allocations.cc.
#pragma once

namespace candid::infer::testing {

class CountAllocations {
 public:
  CountAllocations();
  int so_far() const;

 private:
  int before_;
};

}  // namespace candid::infer::testing
