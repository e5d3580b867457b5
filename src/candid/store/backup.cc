// The store's backup and its full check.
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include "candid/base/ids.h"
#include "candid/store/publish.h"
#include "candid/store/state.h"

namespace candid::store {
namespace {

constexpr int kPagesAStep = 1024;

Status CheckAll(Connection& connection, const std::filesystem::path& file) {
  Query query(connection, "PRAGMA integrity_check(1)");
  CANDID_ASSIGN(const bool found, query.Step());
  const std::string finding = found ? query.Text(0) : "no answer";
  if (finding == "ok") return {};
  return Fail(Damaged(file, finding));
}

// All of one state: the source's transaction stays open from the first page to the last.
Status CopyPages(Connection& source, Connection& copy, const Progress& progress) {
  CANDID_TRY(source.Execute("BEGIN"));
  CANDID_TRY(source.Number("SELECT count(*) FROM sqlite_schema"));
  sqlite3_backup* backup = sqlite3_backup_init(copy.handle(), "main", source.handle(), "main");
  if (backup == nullptr) return Fail(copy.Explain(sqlite3_extended_errcode(copy.handle())));
  int rc = SQLITE_OK;
  while (rc == SQLITE_OK) {
    rc = sqlite3_backup_step(backup, kPagesAStep);
    if (progress && (rc == SQLITE_OK || rc == SQLITE_DONE)) {
      const auto total = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup));
      progress(total - static_cast<std::uint64_t>(sqlite3_backup_remaining(backup)), total);
    }
  }
  const int finished = sqlite3_backup_finish(backup);
  if (rc != SQLITE_DONE) return Fail(copy.Explain(rc));
  if (finished != SQLITE_OK) return Fail(copy.Explain(finished));
  return source.Execute("COMMIT");
}

}  // namespace

Status Store::Backup(const std::filesystem::path& file, const Progress& progress) const {
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::symlink_status(file, error))) {
    return Fail(Exists(file));
  }
  const std::filesystem::path part = file.string() + "." + RandomUuid().substr(0, 8) + ".part";
  const auto work = [&]() -> Status {
    CANDID_ASSIGN(const auto source, state_->OpenReader());
    CANDID_ASSIGN(auto copy, Connection::Open(part, true));
    // The copy is worth nothing until it is whole, so nothing of it needs a journal.
    CANDID_TRY(copy->Execute("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF"));
    CANDID_TRY(CopyPages(*source, *copy, progress));
    CANDID_TRY(CheckAll(*copy, part));
    // One file that opens without a log beside it.
    CANDID_TRY(copy->Execute("PRAGMA journal_mode=DELETE"));
    copy.reset();
    return Publish(part, file);
  };
  Status made = work();
  if (!made) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      ::unlink((part.string() + suffix).c_str());
    }
  }
  return made;
}

Status Store::Check() const {
  return state_->Read(
      [&](Connection& connection) { return CheckAll(connection, state_->database); });
}

}  // namespace candid::store
