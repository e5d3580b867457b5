#include "apps/progress.h"

#include <gtest/gtest.h>

namespace candid::apps {
namespace {

constexpr Progress::Time kStart{};

TEST(Progress, TellsRateAndTimeLeft) {
  Progress progress(100, kStart);
  EXPECT_EQ(progress.Line(), "[                    ]  0/100");
  progress.Update(50, kStart + std::chrono::seconds(5));
  EXPECT_EQ(progress.Line(), "[##########          ]  50/100  10.0/s  0:05 left");
  progress.Update(100, kStart + std::chrono::seconds(10));
  EXPECT_EQ(progress.Line(), "[####################]  100/100  10.0/s");
}

TEST(Progress, ForgetsAFastBeginning) {
  Progress progress(10'000, kStart);
  progress.Update(5'000, kStart + std::chrono::seconds(1));
  for (int i = 1; i <= 20; ++i) {
    progress.Update(5'000 + static_cast<std::size_t>(i), kStart + std::chrono::seconds(1 + i));
  }
  EXPECT_EQ(progress.Line(), "[##########          ]  5020/10000  1.0/s  1:23:00 left");
}

TEST(Progress, OfNothingIsFull) {
  EXPECT_EQ(Progress(0, kStart).Line(), "[####################]  0/0");
}

}  // namespace
}  // namespace candid::apps
