#include "candid/store/store.h"

#include <fmt/format.h>

#include "candid/store/schema.h"
#include "candid/store/state.h"

namespace candid::store {

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;
const std::filesystem::path& Store::folder() const { return state_->folder; }
const std::filesystem::path& Store::database() const { return state_->database; }

Result<std::unique_ptr<Store>> Store::Open(const std::filesystem::path& folder,
                                           const OpenOptions& options) {
  auto state = std::make_unique<State>();
  state->folder = folder;
  state->database = folder / "candid.db";
  state->options = options;
  const bool write = options.access == Access::kWrite;
  std::error_code error;
  if (write) {
    if (std::filesystem::create_directories(folder, error)) {
      std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    }
    CANDID_ASSIGN(state->lock, StateLock::Take(folder));
  } else if (!std::filesystem::exists(state->database, error)) {
    return Fail(Code::kNotFound, fmt::format("there is no {}: name the folder of a server, or "
                                             "start one there",
                                             state->database.string()));
  }
  CANDID_ASSIGN(auto connection, Connection::Open(state->database, write, options.lock_wait));
  if (options.check_budget.count() > 0) CANDID_TRY(connection->QuickCheck(options.check_budget));
  const Status ready =
      write ? Migrate(*connection, Migrations()) : RequireNewest(*connection, Migrations());
  if (!ready) return Fail(ready.error().WithContext(state->database.string()));
  if (!write) {
    state->idle.push_back(std::move(connection));
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
  state->writer = std::make_unique<Writer>(std::move(connection));
  return std::unique_ptr<Store>(new Store(std::move(state)));
}

}  // namespace candid::store
