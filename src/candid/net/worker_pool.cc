#include "candid/net/worker_pool.h"

#include <algorithm>
#include <utility>

namespace candid::net {
namespace {

Admission::Options WithAWorker(Admission::Options options) {
  options.workers = std::max<std::size_t>(1, options.workers);
  return options;
}

}  // namespace

WorkerPool::WorkerPool(const Admission::Options& options) : admission_(WithAWorker(options)) {
  for (std::size_t i = 0; i < WithAWorker(options).workers; ++i) {
    threads_.emplace_back([this] { Work(); });
  }
}

WorkerPool::~WorkerPool() { Stop(); }

bool WorkerPool::TrySubmit(std::size_t kind, Admission::Clock::time_point deadline, Task task) {
  {
    std::lock_guard lock(mutex_);
    if (stopped_ || !admission_.Admit(kind, deadline, Admission::Clock::now())) return false;
    queue_.push_back({kind, deadline, std::move(task)});
  }
  wake_.notify_one();
  return true;
}

std::size_t WorkerPool::queued() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

Admission::Seconds WorkerPool::ExpectedWait() const {
  std::lock_guard lock(mutex_);
  return admission_.ExpectedWait(Admission::Clock::now());
}

void WorkerPool::Stop() {
  std::deque<Waiting> abandoned;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    abandoned.swap(queue_);
  }
  wake_.notify_all();
  for (const Waiting& one : abandoned) one.task(false);
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void WorkerPool::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    if (stopped_) return;
    Waiting one = std::move(queue_.front());
    queue_.pop_front();
    const auto begun = Admission::Clock::now();
    admission_.Begin(one.kind, begun);
    lock.unlock();
    const bool done = one.task(begun <= one.deadline);
    one.task = nullptr;  // what it holds goes before the lock comes
    lock.lock();
    admission_.End(one.kind, begun, done, Admission::Clock::now());
  }
}

}  // namespace candid::net
