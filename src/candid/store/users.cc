// The store's users.
#include <fmt/format.h>

#include "candid/store/request_tokens.h"
#include "candid/store/rows.h"
#include "candid/store/state.h"

namespace candid::store {
namespace {

const Bytes kDone{1};  // the answer of a call that says nothing but that it was done

// Whether a call was made before with this token.
Result<bool> WasMade(Connection& connection, const std::optional<RequestToken>& token) {
  if (!token) return false;
  CANDID_ASSIGN(const auto answer, FindAnswer(connection, *token));
  return answer.has_value();
}

Status KeepDone(Connection& connection, std::uint64_t collection,
                const std::optional<RequestToken>& token) {
  return token ? KeepAnswer(connection, collection, *token, kDone) : Status();
}

Status ChangeCount(Connection& connection, std::uint64_t collection, int by) {
  return Query(connection, "UPDATE collections SET user_count=user_count+? WHERE number=?")
      .Bind(by)
      .Bind(collection)
      .Run();
}

Result<StoredUser> FindUserIn(Connection& connection, std::uint64_t collection,
                              const std::string& user_id) {
  Query query(connection, std::string(kUserColumns) + "WHERE u.collection=? AND u.user_id=?");
  CANDID_ASSIGN(const bool found, query.Bind(collection).Bind(user_id).Step());
  if (found) return ReadUser(query);
  return Fail(Code::kNotFound, fmt::format("The user id: {} does not exist", user_id));
}

}  // namespace

Status Store::CreateUser(const std::string& collection, const std::string& user_id,
                         std::uint64_t max_users, const std::optional<RequestToken>& token,
                         AuditEntry audit) {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    CANDID_ASSIGN(const bool made, WasMade(connection, token));
    if (made) return AppendAudit(connection, audit);
    if (FindUserIn(connection, row.number, user_id)) {
      return Fail(Code::kConflict, fmt::format("The user id: {} already exists", user_id));
    }
    if (row.collection.user_count >= max_users) {
      return Fail(Code::kExhausted,
                  fmt::format("collection {} holds its limit of {} users", collection, max_users));
    }
    CANDID_TRY(Query(connection, "INSERT INTO users VALUES(NULL,?,?)")
                   .Bind(row.number)
                   .Bind(user_id)
                   .Run());
    CANDID_TRY(ChangeCount(connection, row.number, 1));
    CANDID_TRY(KeepDone(connection, row.number, token));
    audit.affected = 1;
    return AppendAudit(connection, audit);
  };
  return state_->Write(work);
}

Result<std::optional<StoredUser>> Store::DeleteUser(const std::string& collection,
                                                    const std::string& user_id,
                                                    const std::optional<RequestToken>& token,
                                                    AuditEntry audit) {
  std::optional<StoredUser> gone;
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    CANDID_ASSIGN(const bool made, WasMade(connection, token));
    if (made) return AppendAudit(connection, audit);
    CANDID_ASSIGN(gone, FindUserIn(connection, row.number, user_id));
    CANDID_TRY(Query(connection, "DELETE FROM users WHERE number=?").Bind(gone->number).Run());
    CANDID_TRY(ChangeCount(connection, row.number, -1));
    CANDID_TRY(KeepDone(connection, row.number, token));
    audit.affected = 1;
    return AppendAudit(connection, audit);
  };
  CANDID_TRY(state_->Write(work, Erasing::kBytes));
  return gone;
}

Result<StoredUser> Store::FindUser(const std::string& collection,
                                   const std::string& user_id) const {
  return state_->Read([&](Connection& connection) -> Result<StoredUser> {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    return FindUserIn(connection, row.number, user_id);
  });
}

Result<Page<StoredUser>> Store::ListUsers(const std::string& collection, Cursor after,
                                          std::size_t limit) const {
  return state_->Read([&](Connection& connection) -> Result<Page<StoredUser>> {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    Query query(connection, std::string(kUserColumns) +
                                "WHERE u.collection=? AND u.number>? ORDER BY u.number LIMIT ?");
    query.Bind(row.number).Bind(after).Bind(std::uint64_t{limit} + 1);
    Page<StoredUser> page;
    while (true) {
      CANDID_ASSIGN(const bool found, query.Step());
      if (!found) return page;
      if (page.items.size() == limit) {
        page.next = page.items.empty() ? after : page.items.back().number;
        return page;
      }
      page.items.push_back(ReadUser(query));
    }
  });
}

Result<std::vector<StoredUser>> Store::UsersAt(std::span<const UserNumber> users) const {
  return state_->Read([&](Connection& connection) -> Result<std::vector<StoredUser>> {
    std::vector<StoredUser> there;
    for (const UserNumber number : users) {
      Query query(connection, std::string(kUserColumns) + "WHERE u.number=?");
      CANDID_ASSIGN(const bool found, query.Bind(number).Step());
      if (found) there.push_back(ReadUser(query));
    }
    return there;
  });
}

Result<Page<StoredFace>> Store::ListFacesOfUser(const std::string& collection,
                                                const std::string& user_id, Cursor after,
                                                std::size_t limit) const {
  return state_->Read([&](Connection& connection) -> Result<Page<StoredFace>> {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    CANDID_ASSIGN(const auto user, FindUserIn(connection, row.number, user_id));
    Query query(connection,
                std::string(kFaceColumns) + "WHERE a.user=? AND f.row>? ORDER BY f.row LIMIT ?");
    query.Bind(user.number).Bind(after).Bind(std::uint64_t{limit} + 1);
    CANDID_ASSIGN(auto faces, ReadFaces(query));
    Page<StoredFace> page{std::move(faces), {}};
    if (page.items.size() > limit) {
      page.items.pop_back();
      page.next = page.items.empty() ? after : page.items.back().row;
    }
    return page;
  });
}

}  // namespace candid::store
