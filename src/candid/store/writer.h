// Writer: one thread that commits the writes of many together. Private to this folder.
#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "candid/store/sqlite.h"

namespace candid::store {

// What to do inside the transaction. Run once; an error undoes it and nothing else.
using Work = std::function<Status(Connection&)>;

class Writer {
 public:
  explicit Writer(std::unique_ptr<Connection> connection);
  // Commits what is queued.
  ~Writer();

  // Returns when the work is on disk, or is undone.
  Status Write(Work work);
  // Queues without waiting for the disk; waits while the queue is long.
  void Later(Work work);

 private:
  struct Job {
    Work work;
    std::promise<Status> done;
    Status outcome;
  };
  std::future<Status> Enqueue(Work work);
  void Loop();
  void Commit(std::vector<Job>& batch);

  std::unique_ptr<Connection> connection_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Job> queue_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace candid::store
