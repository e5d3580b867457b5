// WorkerPool: a fixed number of threads and a queue with an end, so that more work than the machine
// can do is refused at the door and not kept in memory.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace candid::net {

class WorkerPool {
 public:
  // Called once: with true to do the work, or with false where the pool stopped before its turn.
  using Task = std::function<void(bool run)>;

  // At least one thread; `queue_limit` tasks may wait beside the ones that run.
  WorkerPool(std::size_t threads, std::size_t queue_limit);
  ~WorkerPool();

  // False, and the task untouched, where the queue is full or the pool has stopped. Thread-safe.
  bool TrySubmit(Task task);

  // Tasks that wait. Thread-safe.
  std::size_t queued() const;

  // Ends what runs, tells what waits that it will not, and joins. May be called twice.
  void Stop();

 private:
  void Work();

  const std::size_t queue_limit_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> queue_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace candid::net
