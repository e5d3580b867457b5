#include "candid/store/store.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <string_view>

#include "candid/base/clock.h"
#include "candid/store/publish.h"
#include "candid/store/rows.h"
#include "candid/store/schema.h"
#include "candid/store/state.h"

namespace candid::store {
namespace {

constexpr std::uintmax_t kSmallestPage = 512;  // of SQLite; every other is a multiple

// A database comes to be as a whole, so that an empty one is a damaged one.
Status Create(const std::filesystem::path& database) {
  const std::filesystem::path part = database.string() + ".part";
  std::error_code ignored;
  for (const char* suffix : {"", "-journal"}) {  // of a start that was cut short
    std::filesystem::remove(part.string() + suffix, ignored);
  }
  CANDID_ASSIGN(auto connection, Connection::Open(part, true));
  if (const Status made = Migrate(*connection, Migrations()); !made) {
    return Fail(made.error().WithContext(database.string()));
  }
  connection.reset();
  return Publish(part, database);
}

// The beginning of SQLite's file header; zeros where the file is shorter.
std::array<char, 20> HeaderOf(const std::filesystem::path& database) {
  std::array<char, 20> header{};
  std::ifstream(database, std::ios::binary).read(header.data(), header.size());
  return header;
}

bool IsDatabase(const std::array<char, 20>& header) {
  return std::string_view(header.data(), header.size()).starts_with("SQLite format 3");
}

// Backups are such.
bool NeverHadLog(const std::array<char, 20>& header) { return header[18] == 1 && header[19] == 1; }

// Looks at what lies in the folder before SQLite does, which would take a file of a few bytes
// for a new database, and the log of another database for this one's.
Status Prepare(const std::filesystem::path& database, bool write) {
  const std::filesystem::path log = database.string() + "-wal";
  std::error_code error;
  const auto log_bytes = std::filesystem::file_size(log, error);
  const bool has_log = !error && log_bytes != 0;
  if (!std::filesystem::exists(database, error)) {
    if (has_log) {
      return Fail(Code::kCorrupt, fmt::format("{} is missing and its log is there: restore a "
                                              "backup, or delete {} to begin anew",
                                              database.string(), log.string()));
    }
    if (write) return Create(database);
    return Fail(Code::kNotFound, fmt::format("there is no {}: name the folder of a server, or "
                                             "start one there",
                                             database.string()));
  }
  const auto bytes = std::filesystem::file_size(database, error);
  if (!error && bytes < kSmallestPage) {
    return Fail(Code::kCorrupt, fmt::format("{} has {} bytes and no database: restore a backup in "
                                            "its place, or delete it to begin anew",
                                            database.string(), bytes));
  }
  // The log would hold the rest of a page half written; without one SQLite makes it up of zeros.
  const auto header = HeaderOf(database);
  if (!error && !has_log && IsDatabase(header) && bytes % kSmallestPage != 0) {
    return Fail(Damaged(database, fmt::format("{} bytes are no whole pages", bytes)));
  }
  if (!has_log || !IsDatabase(header) || !NeverHadLog(header)) return {};
  // A backup was put where a server died; that server's log would be written over it.
  if (!write) {
    return Fail(Code::kConflict, fmt::format("beside the backup restored as {} lies an older log: "
                                             "start the server once, it removes {}",
                                             database.string(), log.string()));
  }
  std::filesystem::remove(database.string() + "-shm", error);
  std::filesystem::remove(log, error);
  if (error) {
    return Fail(Code::kIo,
                fmt::format("cannot remove {}, the log of the database that a backup replaced: {}",
                            log.string(), error.message()));
  }
  return {};
}

}  // namespace

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() {
  if (state_->writer == nullptr || state_->lock == nullptr) return;
  // At worst the record stays behind the trail, as after a crash.
  if (Flush()) (void)SealAuditHead();
}
const std::filesystem::path& Store::folder() const { return state_->folder; }
const std::filesystem::path& Store::database() const { return state_->database; }

Result<std::unique_ptr<Store>> Store::Open(const std::filesystem::path& folder,
                                           const OpenOptions& options) {
  auto state = std::make_unique<State>();
  state->folder = folder;
  state->database = folder / "candid.db";
  state->options = options;
  const bool write = options.access != Access::kRead;
  std::error_code error;
  if (write) {
    if (std::filesystem::create_directories(folder, error)) {
      std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    }
    auto lock = StateLock::Take(folder);
    const bool beside =
        options.access == Access::kBeside && !lock && lock.error().code() == Code::kConflict;
    if (!lock && !beside) return Fail(lock.error());
    if (lock) state->lock = *std::move(lock);
  }
  const bool whole = write && state->lock != nullptr;
  CANDID_TRY(Prepare(state->database, whole));
  CANDID_ASSIGN(auto connection, Connection::Open(state->database, write, options.lock_wait));
  if (options.check_budget.count() > 0) CANDID_TRY(connection->QuickCheck(options.check_budget));
  const Status ready =
      whole ? Migrate(*connection, Migrations()) : RequireNewest(*connection, Migrations());
  if (!ready) return Fail(ready.error().WithContext(state->database.string()));
  if (!write) {
    state->idle.push_back(std::move(connection));
    return std::unique_ptr<Store>(new Store(std::move(state)));
  }
  if (!whole) {
    state->writer = std::make_unique<Writer>(std::move(connection));
    return std::unique_ptr<Store>(new Store(std::move(state)));
  }
  CANDID_TRY(connection->Execute("PRAGMA journal_mode=WAL; DELETE FROM staged_templates"));
  // What was erased before a crash goes now. Whoever still reads has it go later.
  CANDID_TRY(connection->EmptyLog(std::chrono::milliseconds(0)));
  if (options.max_bytes != 0) {
    CANDID_ASSIGN(const auto page, connection->Number("PRAGMA page_size"));
    const auto pages = options.max_bytes / static_cast<std::uint64_t>(page);
    CANDID_TRY(connection->Execute(fmt::format("PRAGMA max_page_count={}", pages).c_str()));
  }
  CANDID_TRY(StartChain(*connection, SystemClock().Now()));
  state->writer = std::make_unique<Writer>(std::move(connection));
  return std::unique_ptr<Store>(new Store(std::move(state)));
}

}  // namespace candid::store
