// WorkerPool: a fixed number of threads and a queue that takes no more than can be done in time, so
// that the rest is refused at the door and not kept in memory.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "candid/net/admission.h"

namespace candid::net {

class WorkerPool {
 public:
  // Called once: with true to do the work; with false where its deadline has passed or the pool
  // stopped before its turn. Returns whether the work was done, so that its time counts for others
  // of its kind.
  using Task = std::function<bool(bool run)>;

  // `options.workers` is the number of threads, at least one.
  explicit WorkerPool(const Admission::Options& options);
  ~WorkerPool();

  // False, and the task untouched, where it is not admitted or the pool has stopped. Thread-safe.
  bool TrySubmit(std::size_t kind, Admission::Clock::time_point deadline, Task task);

  // Tasks that wait. Thread-safe.
  std::size_t queued() const;
  // Of a task that came now. Thread-safe.
  Admission::Seconds ExpectedWait() const;

  // Ends what runs, tells what waits that it will not, and joins. May be called twice.
  void Stop();

 private:
  struct Waiting {
    std::size_t kind;
    Admission::Clock::time_point deadline;
    Task task;
  };

  void Work();

  mutable std::mutex mutex_;  // of all but the threads
  std::condition_variable wake_;
  Admission admission_;
  std::deque<Waiting> queue_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace candid::net
