#include "candid/infer/memory_plan.h"

#include <algorithm>
#include <numeric>

namespace candid::infer {

MemoryPlan PlanMemory(const std::vector<Lifetime>& buffers) {
  std::vector<std::size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return buffers[a].bytes > buffers[b].bytes; });
  MemoryPlan plan;
  plan.offsets.resize(buffers.size(), 0);
  std::vector<std::size_t> placed;  // by offset
  for (const std::size_t buffer : order) {
    std::size_t offset = 0;
    for (const std::size_t other : placed) {
      const bool meet = buffers[other].first <= buffers[buffer].last &&
                        buffers[buffer].first <= buffers[other].last;
      if (!meet) continue;
      if (plan.offsets[other] >= offset + buffers[buffer].bytes) break;
      const std::size_t end = plan.offsets[other] + buffers[other].bytes;
      offset = std::max(offset, (end + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment);
    }
    plan.offsets[buffer] = offset;
    plan.bytes = std::max(plan.bytes, offset + buffers[buffer].bytes);
    const auto place = std::ranges::upper_bound(
        placed, offset, {}, [&](std::size_t other) { return plan.offsets[other]; });
    placed.insert(place, buffer);
  }
  return plan;
}

}  // namespace candid::infer
