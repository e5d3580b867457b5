// Store::State: what an open store holds. Private to this folder.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "candid/store/state_lock.h"
#include "candid/store/store.h"
#include "candid/store/writer.h"

namespace candid::store {

struct Store::State {
  std::filesystem::path folder;
  std::filesystem::path database;
  OpenOptions options;
  // Released in the reverse order: the last connection to close must be the one that may write,
  // for it empties the log.
  std::unique_ptr<StateLock> lock;
  std::unique_ptr<Writer> writer;
  // Lines of the trail that could not be written: since the opening, and those of them that the
  // trail itself does not yet tell of.
  std::atomic<std::uint64_t> lost_lines = 0;
  std::atomic<std::uint64_t> untold_lines = 0;
  std::atomic<bool> audit_failing = false;
  mutable std::mutex mutex;
  mutable std::vector<std::unique_ptr<Connection>> idle;

  Result<std::unique_ptr<Connection>> OpenReader() const {
    return Connection::Open(database, false, options.lock_wait);
  }

  // Runs `work` on a connection of its own that sees one state of the whole.
  template <typename Work>
  auto Read(Work work) const -> decltype(work(std::declval<Connection&>())) {
    std::unique_ptr<Connection> connection;
    {
      const std::lock_guard guard(mutex);
      if (!idle.empty()) {
        connection = std::move(idle.back());
        idle.pop_back();
      }
    }
    if (connection == nullptr) {
      CANDID_ASSIGN(connection, OpenReader());
    }
    CANDID_TRY(connection->Execute("BEGIN"));
    auto outcome = work(*connection);
    CANDID_TRY(connection->Execute("COMMIT"));
    const std::lock_guard guard(mutex);
    idle.push_back(std::move(connection));
    return outcome;
  }

  // Returns when `work` is on disk. Where it `erases`, the old bytes are out of the log too, or
  // will be as soon as readers that still see them have ended.
  Status Write(Work work, Erasing erasing = Erasing::kNothing) {
    if (writer != nullptr && lock == nullptr) {
      return Fail(Code::kConflict, fmt::format("{} is in use by a server: stop it (./up --stop), "
                                               "then try again",
                                               folder.string()));
    }
    return WriteSettings(std::move(work), erasing);
  }

  // The same for what no server holds in memory without looking again.
  Status WriteSettings(Work work, Erasing erasing = Erasing::kNothing) {
    if (writer == nullptr) {
      return Fail(Code::kDenied, fmt::format("{} was opened for reading", database.string()));
    }
    return writer->Write(std::move(work), erasing);
  }
};

}  // namespace candid::store
