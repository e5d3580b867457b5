#include "candid/store/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace candid::store {
namespace {

constexpr int kMaxCellBytes = 64 << 20;

// Interrupts what a connection does when the time is over. SQLite's progress handler is not asked
// inside a check of one long table; an interrupt is heeded.
class Alarm {
 public:
  Alarm(sqlite3* handle, std::chrono::milliseconds budget)
      : thread_([this, handle, budget] {
          std::unique_lock lock(mutex_);
          if (changed_.wait_for(lock, budget, [this] { return off_; })) return;
          rang_ = true;
          sqlite3_interrupt(handle);
        }) {}
  ~Alarm() { Stop(); }
  // True where it went off.
  bool Stop() {
    {
      const std::lock_guard lock(mutex_);
      off_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    return rang_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool off_ = false;
  bool rang_ = false;
  std::thread thread_;
};

}  // namespace

Error Damaged(const std::filesystem::path& file, std::string_view finding) {
  // SQLite puts a heading above what it found.
  if (const auto heading = finding.rfind('\n'); heading != finding.npos) {
    finding.remove_prefix(heading + 1);
  }
  return Error(Code::kCorrupt, fmt::format("{} is damaged ({}): stop the server and restore a "
                                           "backup in its place",
                                           file.string(), finding));
}

Query::Query(Connection& connection, std::string_view sql) : connection_(connection) {
  auto prepared = connection.Prepare(sql);
  if (prepared) {
    statement_ = *prepared;
  } else {
    error_ = sqlite3_extended_errcode(connection.handle());
    if (error_ == SQLITE_OK) error_ = SQLITE_ERROR;
  }
}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query& Query::Bind(std::int64_t value) {
  if (statement_ != nullptr) sqlite3_bind_int64(statement_, next_++, value);
  return *this;
}

Query& Query::Bind(double value) {
  if (statement_ != nullptr) sqlite3_bind_double(statement_, next_++, value);
  return *this;
}

Query& Query::Bind(std::string_view text) {
  if (statement_ != nullptr) {
    sqlite3_bind_text64(statement_, next_++, text.data(), text.size(), SQLITE_TRANSIENT,
                        SQLITE_UTF8);
  }
  return *this;
}

Query& Query::Bind(ByteSpan blob) {
  if (statement_ != nullptr) {
    sqlite3_bind_blob64(statement_, next_++, blob.data(), blob.size(), SQLITE_STATIC);
  }
  return *this;
}

Result<bool> Query::Step() {
  if (statement_ == nullptr) return Fail(connection_.Explain(error_));
  const int rc = sqlite3_step(statement_);
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  return Fail(connection_.Explain(sqlite3_extended_errcode(connection_.handle())));
}

Status Query::Run() {
  CANDID_TRY(Step());
  return {};
}

std::int64_t Query::Int(int column) const { return sqlite3_column_int64(statement_, column); }
double Query::Real(int column) const { return sqlite3_column_double(statement_, column); }

bool Query::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::string Query::Text(int column) const { return std::string(AsText(Blob(column))); }

ByteSpan Query::Blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
}

Result<std::unique_ptr<Connection>> Connection::Open(const std::filesystem::path& file, bool write,
                                                     std::chrono::milliseconds lock_wait) {
  if (write) {
    // SQLite would make it readable for everybody; its log takes after it.
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor >= 0) ::close(descriptor);
  }
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
  const int rc = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
  std::unique_ptr<Connection> connection(new Connection(handle, file, lock_wait));
  if (rc != SQLITE_OK) return Fail(connection->Explain(rc));
  connection->SetLockWait(lock_wait);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, kMaxCellBytes);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  CANDID_TRY(connection->Execute(
      "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA foreign_keys=ON;"
      "PRAGMA secure_delete=ON; PRAGMA synchronous=FULL; PRAGMA cache_size=-1024;"));
  return connection;
}

Connection::~Connection() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

Status Connection::Execute(const char* sql) {
  const int rc = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) return Fail(Explain(rc));
  return {};
}

Status Connection::Transact(const std::function<Status()>& work) {
  CANDID_TRY(Execute("BEGIN IMMEDIATE"));
  Status done = work();
  if (done) done = Execute("COMMIT");
  // A full disk has ended it already.
  if (!done && in_transaction()) (void)Execute("ROLLBACK");
  return done;
}

Result<std::int64_t> Connection::Number(std::string_view sql) {
  Query query(*this, sql);
  CANDID_ASSIGN(const bool row, query.Step());
  return row ? query.Int(0) : 0;
}

std::uint64_t Connection::changes() const {
  return static_cast<std::uint64_t>(sqlite3_changes64(handle_));
}

void Connection::SetLockWait(std::chrono::milliseconds wait) {
  sqlite3_busy_timeout(handle_, static_cast<int>(wait.count()));
}

Status Connection::QuickCheck(std::chrono::milliseconds budget) {
  // Prepared before the alarm is set, so that only the check itself is interrupted.
  Query query(*this, "PRAGMA quick_check(1)");
  Alarm alarm(handle_, budget);
  const Result<bool> found = query.Step();
  if (alarm.Stop() && !found) return {};
  CANDID_TRY(found);
  if (query.Text(0) == "ok") return {};
  return Fail(Damaged(file_, query.Text(0)));
}

Result<bool> Connection::EmptyLog(std::chrono::milliseconds wait) {
  SetLockWait(wait);
  const int rc =
      sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  SetLockWait(lock_wait_);
  if ((rc & 0xFF) == SQLITE_BUSY) return false;
  if (rc != SQLITE_OK) return Fail(Explain(rc));
  return true;
}

Status Connection::CheckPlace() const {
  int moved = 0;
  sqlite3_file_control(handle_, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (moved == 0) return {};
  return Fail(Code::kIo, fmt::format("{} was moved, replaced or deleted while in use: stop the "
                                     "server, put the file back, then start it again",
                                     file_.string()));
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

Result<sqlite3_stmt*> Connection::Prepare(std::string_view sql) {
  if (const auto known = statements_.find(sql); known != statements_.end()) return known->second;
  sqlite3_stmt* statement = nullptr;
  const int rc = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                    SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (rc != SQLITE_OK) return Fail(Explain(rc));
  statements_.emplace(sql, statement);
  return statement;
}

Error Connection::Explain(int rc) const {
  const std::string file = file_.string();
  const std::string text = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(rc);
  switch (rc & 0xFF) {
    case SQLITE_FULL:
      return Error(Code::kIo, fmt::format("no room left to write {}: free disk space (or raise "
                                          "the database's limit), then try again",
                                          file));
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Error(Code::kIo, fmt::format("{} cannot be written ({}): make the file and its "
                                          "folder writable for this user",
                                          file, text));
    case SQLITE_CANTOPEN:
      return Error(Code::kIo, fmt::format("{} cannot be opened ({}): check that its folder exists "
                                          "and is readable for this user",
                                          file, text));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(Code::kUnavailable,
                   fmt::format("{} is locked by another program: end it, then try again", file));
    case SQLITE_NOTADB:
      return Error(Code::kCorrupt, fmt::format("{} is not a Candid database: move it away or "
                                               "restore a backup in its place",
                                               file));
    case SQLITE_CORRUPT:
      return Damaged(file_, text);
    case SQLITE_IOERR:
      return Error(Code::kIo, fmt::format("the disk failed under {} ({}): see to the disk, and to "
                                          "limits on file sizes, then try again",
                                          file, text));
    case SQLITE_TOOBIG:
      return Error(Code::kTooLarge,
                   fmt::format("over the {} bytes that one cell of {} holds", kMaxCellBytes, file));
    case SQLITE_CONSTRAINT:
      return Error(Code::kAlreadyExists, fmt::format("{}: {}", file, text));
    default:
      return Error(Code::kInternal, fmt::format("{}: {}", file, text));
  }
}

}  // namespace candid::store
