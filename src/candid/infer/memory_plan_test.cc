#include "candid/infer/memory_plan.h"

#include <gtest/gtest.h>

#include <random>

namespace candid::infer {
namespace {

TEST(MemoryPlanTest, ReusesWhatIsDead) {
  const MemoryPlan plan = PlanMemory({{100, 0, 1}, {100, 1, 2}, {100, 2, 3}});
  EXPECT_EQ(plan.bytes, 228U);  // two buffers of 100, the second on a multiple of 64
}

TEST(MemoryPlanTest, LivingBuffersNeverOverlap) {
  std::mt19937 random(3);
  std::vector<Lifetime> buffers;
  for (int i = 0; i < 200; ++i) {
    const int first = static_cast<int>(random() % 50);
    buffers.push_back({random() % 5000, first, first + static_cast<int>(random() % 9)});
  }
  const MemoryPlan plan = PlanMemory(buffers);
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    EXPECT_EQ(plan.offsets[i] % kArenaAlignment, 0U);
    EXPECT_LE(plan.offsets[i] + buffers[i].bytes, plan.bytes);
    for (std::size_t j = 0; j < i; ++j) {
      if (buffers[i].first > buffers[j].last || buffers[j].first > buffers[i].last) continue;
      EXPECT_TRUE(plan.offsets[i] + buffers[i].bytes <= plan.offsets[j] ||
                  plan.offsets[j] + buffers[j].bytes <= plan.offsets[i])
          << i << " and " << j;
    }
  }
}

}  // namespace
}  // namespace candid::infer
