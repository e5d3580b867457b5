#include "candid/store/writer.h"

namespace candid::store {
namespace {

constexpr std::size_t kLongQueue = 4096;

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

std::future<Status> Writer::Enqueue(Work work) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return queue_.size() < kLongQueue; });
  queue_.push_back({std::move(work), {}, {}});
  auto done = queue_.back().done.get_future();
  lock.unlock();
  changed_.notify_all();
  return done;
}

Status Writer::Write(Work work) { return Enqueue(std::move(work)).get(); }

void Writer::Later(Work work) { (void)Enqueue(std::move(work)); }

void Writer::Loop() {
  while (true) {
    std::vector<Job> batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return closing_ || !queue_.empty(); });
      if (queue_.empty()) return;
      batch.swap(queue_);
    }
    changed_.notify_all();
    Commit(batch);
    for (Job& job : batch) job.done.set_value(std::move(job.outcome));
  }
}

void Writer::Commit(std::vector<Job>& batch) {
  const auto run = [&]() -> Status {
    CANDID_TRY(connection_->Execute("BEGIN IMMEDIATE"));
    for (Job& job : batch) {
      CANDID_TRY(connection_->Execute("SAVEPOINT job"));
      job.outcome = job.work(*connection_);
      if (job.outcome) {
        CANDID_TRY(connection_->Execute("RELEASE job"));
        continue;
      }
      // A full disk ends the whole transaction, whoever met it.
      if (!connection_->in_transaction()) return Fail(job.outcome.error());
      CANDID_TRY(connection_->Execute("ROLLBACK TO job; RELEASE job"));
    }
    return connection_->Execute("COMMIT");
  };
  const Status committed = run();
  if (committed) return;
  if (connection_->in_transaction()) (void)connection_->Execute("ROLLBACK");
  // Nothing of the batch is on disk, so nobody is told that it is.
  for (Job& job : batch) {
    if (job.outcome) job.outcome = Fail(committed.error());
  }
}

}  // namespace candid::store
