#include "candid/net/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace candid::net {
namespace {

TEST(WorkerPool, RunsWhatItTook) {
  WorkerPool pool(2, 8);
  std::promise<bool> ran;
  ASSERT_TRUE(pool.TrySubmit([&](bool run) { ran.set_value(run); }));
  EXPECT_TRUE(ran.get_future().get());
}

TEST(WorkerPool, RefusesBeyondTheQueueAndAbandonsOnStop) {
  std::promise<void> started;
  std::promise<void> release;
  std::atomic<int> abandoned = 0;
  WorkerPool pool(1, 1);
  ASSERT_TRUE(pool.TrySubmit([&](bool) {
    started.set_value();
    release.get_future().wait();
  }));
  started.get_future().wait();
  ASSERT_TRUE(pool.TrySubmit([&](bool run) { abandoned += run ? 100 : 1; }));
  EXPECT_EQ(pool.queued(), 1u);
  EXPECT_FALSE(pool.TrySubmit([](bool) {}));
  std::thread stopper([&] { pool.Stop(); });
  while (abandoned == 0) std::this_thread::yield();
  release.set_value();
  stopper.join();
  EXPECT_EQ(abandoned, 1);
  EXPECT_FALSE(pool.TrySubmit([](bool) {}));
}

}  // namespace
}  // namespace candid::net
