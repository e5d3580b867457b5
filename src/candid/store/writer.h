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

// Whether a write leaves old bytes behind that must not outlive it.
enum class Erasing { kNothing, kBytes };

class Writer {
 public:
  explicit Writer(std::unique_ptr<Connection> connection);
  // Commits what is queued.
  ~Writer();

  // Returns when the work is on disk, or is undone. After erasing work the log is emptied before
  // the return, or, while readers still need it, again and again until they have ended.
  Status Write(Work work, Erasing erasing = Erasing::kNothing);
  // Queues without waiting for the disk; waits while the queue is long. `heard` learns on the
  // writer's thread how it ended; it must not throw or block.
  void Later(Work work, std::function<void(const Status&)> heard = nullptr);

 private:
  struct Job {
    Work work;
    Erasing erasing;
    std::promise<Status> done;
    std::function<void(const Status&)> heard;  // may be empty
    Status outcome;
  };
  std::future<Status> Enqueue(Work work, Erasing erasing,
                              std::function<void(const Status&)> heard = nullptr);
  void Loop();
  void Commit(std::vector<Job>& batch);
  void EmptyLog();

  std::unique_ptr<Connection> connection_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Job> queue_;
  bool closing_ = false;
  bool log_holds_erased_ = false;  // of the writer's thread only
  std::thread thread_;
};

}  // namespace candid::store
