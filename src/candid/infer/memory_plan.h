// PlanMemory: one arena for buffers whose lifetimes are known.
#pragma once

#include <cstddef>
#include <vector>

namespace candid::infer {

inline constexpr std::size_t kArenaAlignment = 64;

// Used by the steps first..last, both included.
struct Lifetime {
  std::size_t bytes = 0;
  int first = 0;
  int last = 0;
};

struct MemoryPlan {
  std::vector<std::size_t> offsets;  // multiples of kArenaAlignment, one a buffer
  std::size_t bytes = 0;             // of the arena
};

// Buffers whose lifetimes meet never overlap. Greedy by size: each buffer, the largest first, goes
// to the lowest place that is free during its life (Pisarchyk and Lee 2020, "greedy by size").
MemoryPlan PlanMemory(const std::vector<Lifetime>& buffers);

}  // namespace candid::infer
