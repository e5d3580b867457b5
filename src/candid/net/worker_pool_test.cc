#include "candid/net/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace candid::net {
namespace {

constexpr auto kNever = Admission::Clock::time_point::max();

TEST(WorkerPool, RunsWhatItTook) {
  WorkerPool pool({.workers = 2});
  std::promise<bool> ran;
  ASSERT_TRUE(pool.TrySubmit(0, kNever, [&](bool run) {
    ran.set_value(run);
    return run;
  }));
  EXPECT_TRUE(ran.get_future().get());
}

TEST(WorkerPool, RefusesBeyondTheQueueAndAbandonsOnStop) {
  std::promise<void> started;
  std::promise<void> release;
  std::atomic<int> abandoned = 0;
  WorkerPool pool({.workers = 1, .queue_limit = 1});
  ASSERT_TRUE(pool.TrySubmit(0, kNever, [&](bool) {
    started.set_value();
    release.get_future().wait();
    return true;
  }));
  started.get_future().wait();
  ASSERT_TRUE(pool.TrySubmit(0, kNever, [&](bool run) {
    abandoned += run ? 100 : 1;
    return run;
  }));
  EXPECT_EQ(pool.queued(), 1u);
  EXPECT_FALSE(pool.TrySubmit(0, kNever, [](bool run) { return run; }));
  std::thread stopper([&] { pool.Stop(); });
  while (abandoned == 0) std::this_thread::yield();
  release.set_value();
  stopper.join();
  EXPECT_EQ(abandoned, 1);
  EXPECT_FALSE(pool.TrySubmit(0, kNever, [](bool run) { return run; }));
}

TEST(WorkerPool, DoesNotBeginWhatComesToItsTurnTooLate) {
  std::promise<void> release;
  std::promise<bool> late;
  WorkerPool pool({.workers = 1});
  ASSERT_TRUE(pool.TrySubmit(0, kNever, [&](bool) {
    release.get_future().wait();
    return true;
  }));
  const auto soon = Admission::Clock::now() + std::chrono::milliseconds(20);
  ASSERT_TRUE(pool.TrySubmit(0, soon, [&](bool run) {
    late.set_value(run);
    return run;
  }));
  std::this_thread::sleep_until(soon + std::chrono::milliseconds(1));
  release.set_value();
  EXPECT_FALSE(late.get_future().get());
}

TEST(WorkerPool, LearnsHowLongItsWorkTakes) {
  WorkerPool pool({.workers = 1, .kinds = 1});
  std::promise<void> done, begun, release;
  ASSERT_TRUE(pool.TrySubmit(0, kNever, [&](bool) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    done.set_value();
    return true;
  }));
  done.get_future().wait();
  ASSERT_TRUE(pool.TrySubmit(0, kNever, [&](bool) {
    begun.set_value();
    release.get_future().wait();
    return true;
  }));
  begun.get_future().wait();
  ASSERT_TRUE(pool.TrySubmit(0, kNever, [](bool run) { return run; }));
  EXPECT_GE(pool.ExpectedWait().count(), 0.049);
  const auto hurry = Admission::Clock::now() + std::chrono::milliseconds(25);
  EXPECT_FALSE(pool.TrySubmit(0, hurry, [](bool run) { return run; }));
  release.set_value();
}

}  // namespace
}  // namespace candid::net
