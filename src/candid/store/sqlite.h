// SQLite behind values: a connection, its prepared statements, its errors. Private to this folder.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "candid/base/bytes.h"

struct sqlite3;
struct sqlite3_stmt;

namespace candid::store {

class Connection;

// The error of a database that is damaged so, with the remedy.
Error Damaged(const std::filesystem::path& file, std::string_view finding);

// One run of a prepared statement; resets it when it goes. Parameters count from 1, columns from 0.
class Query {
 public:
  Query(Connection& connection, std::string_view sql);
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& Bind(std::int64_t value);
  Query& Bind(std::uint64_t value) { return Bind(static_cast<std::int64_t>(value)); }
  Query& Bind(int value) { return Bind(static_cast<std::int64_t>(value)); }
  Query& Bind(double value);
  Query& Bind(std::string_view text);
  Query& Bind(ByteSpan blob);  // borrowed until the query goes

  // True while there is a row.
  Result<bool> Step();
  // For statements without rows.
  Status Run();

  std::int64_t Int(int column) const;
  double Real(int column) const;
  bool IsNull(int column) const;
  std::string Text(int column) const;
  ByteSpan Blob(int column) const;  // valid until the next Step

 private:
  Connection& connection_;
  sqlite3_stmt* statement_ = nullptr;
  int next_ = 1;
  int error_ = 0;
};

// One thread at a time.
class Connection {
 public:
  // Makes the file, readable by this user only, where `write` and there is none. `lock_wait`: how
  // long a call waits for other connections' locks.
  static Result<std::unique_ptr<Connection>> Open(
      const std::filesystem::path& file, bool write,
      std::chrono::milliseconds lock_wait = std::chrono::seconds(5));
  ~Connection();

  Status Execute(const char* sql);
  // All of `work` or nothing of it; its error, or that of writing it down.
  Status Transact(const std::function<Status()>& work);
  Result<std::int64_t> Number(std::string_view sql);
  std::uint64_t changes() const;  // rows the last statement changed
  // kIo where the file is no longer the one that was opened: what is written then is lost.
  Status CheckPlace() const;
  // A transaction is open.
  bool in_transaction() const;
  // What `rc` means for this database, with the remedy.
  Error Explain(int rc) const;
  // Looks for damage for as long as `budget`; what was not read by then is taken as sound.
  Status QuickCheck(std::chrono::milliseconds budget);
  // Moves the log into the database and cuts it to nothing, so that no deleted byte is left in
  // it. False where readers still need it after `wait`.
  Result<bool> EmptyLog(std::chrono::milliseconds wait);
  sqlite3* handle() const { return handle_; }

 private:
  friend class Query;
  Connection(sqlite3* handle, std::filesystem::path file, std::chrono::milliseconds lock_wait)
      : handle_(handle), file_(std::move(file)), lock_wait_(lock_wait) {}
  void SetLockWait(std::chrono::milliseconds wait);
  Result<sqlite3_stmt*> Prepare(std::string_view sql);

  sqlite3* handle_;
  std::filesystem::path file_;
  std::chrono::milliseconds lock_wait_;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
};

}  // namespace candid::store
