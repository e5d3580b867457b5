#include "candid/store/writer.h"

#include <fmt/format.h>

#include <exception>

namespace candid::store {
namespace {

constexpr std::size_t kLongQueue = 4096;
// Writes stand still for as long as the log waits for readers, so it waits little and often.
constexpr std::chrono::milliseconds kLogWait{20};
constexpr std::chrono::milliseconds kLogPause{200};

// A callee that throws must not take the thread, and with it every later write, down.
Status RunGuarded(const Work& work, Connection& connection) {
  try {
    return work(connection);
  } catch (const std::exception& exception) {
    return Fail(Code::kInternal, fmt::format("a write was given up: {}", exception.what()));
  }
}

}  // namespace

Writer::Writer(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)), thread_([this] { Loop(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::future<Status> Writer::Enqueue(Work work, Erasing erasing,
                                    std::function<void(const Status&)> heard) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return queue_.size() < kLongQueue; });
  queue_.push_back({std::move(work), erasing, {}, std::move(heard), {}});
  auto done = queue_.back().done.get_future();
  lock.unlock();
  changed_.notify_all();
  return done;
}

Status Writer::Write(Work work, Erasing erasing) { return Enqueue(std::move(work), erasing).get(); }

void Writer::Later(Work work, std::function<void(const Status&)> heard) {
  (void)Enqueue(std::move(work), Erasing::kNothing, std::move(heard));
}

void Writer::Loop() {
  while (true) {
    std::vector<Job> batch;
    {
      std::unique_lock lock(mutex_);
      const auto awake = [&] { return closing_ || !queue_.empty(); };
      if (log_holds_erased_) {
        changed_.wait_for(lock, kLogPause, awake);
      } else {
        changed_.wait(lock, awake);
      }
      // What is left in the log goes with it when the last connection closes.
      if (closing_ && queue_.empty()) return;
      batch.swap(queue_);
    }
    changed_.notify_all();
    if (!batch.empty()) Commit(batch);
    if (log_holds_erased_) EmptyLog();
    for (Job& job : batch) {
      if (job.heard) job.heard(job.outcome);
      job.done.set_value(std::move(job.outcome));
    }
  }
}

void Writer::Commit(std::vector<Job>& batch) {
  const auto run = [&]() -> Status {
    for (Job& job : batch) {
      CANDID_TRY(connection_->Execute("SAVEPOINT job"));
      job.outcome = RunGuarded(job.work, *connection_);
      if (job.outcome) {
        CANDID_TRY(connection_->Execute("RELEASE job"));
        continue;
      }
      // A full disk ends the whole transaction, whoever met it.
      if (!connection_->in_transaction()) return Fail(job.outcome.error());
      CANDID_TRY(connection_->Execute("ROLLBACK TO job; RELEASE job"));
    }
    return {};
  };
  Status committed = connection_->CheckPlace();
  if (committed) committed = connection_->Transact(run);
  if (committed) {
    for (const Job& job : batch) {
      if (job.outcome && job.erasing == Erasing::kBytes) log_holds_erased_ = true;
    }
    return;
  }
  // Nothing of the batch is on disk, so nobody is told that it is.
  for (Job& job : batch) {
    if (job.outcome) job.outcome = Fail(committed.error());
  }
}

// A disk that fails is no reason to forget: the next round tries again.
void Writer::EmptyLog() {
  const Result<bool> emptied = connection_->EmptyLog(kLogWait);
  log_holds_erased_ = !emptied || !*emptied;
}

}  // namespace candid::store
