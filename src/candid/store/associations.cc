// The store's associations of faces with users.
#include "candid/store/request_tokens.h"
#include "candid/store/rows.h"
#include "candid/store/state.h"

namespace candid::store {
namespace {

constexpr std::string_view kUserFaceColumns =
    "SELECT a.user,a.face,t.vector,t.mean,t.deviation,f.usefulness FROM users u "
    "JOIN associations a ON a.user=u.number JOIN templates t ON t.face=a.face "
    "JOIN faces f ON f.row=a.face ";

// A SELECT of kUserFaceColumns in order of users; calls `take` for each.
Status ReadUserFacesOf(
    Query& query, std::size_t dimension, const std::filesystem::path& database,
    const std::function<Status(UserNumber, const std::vector<UserFace>&)>& take) {
  UserNumber user = 0;
  std::vector<UserFace> faces;
  while (true) {
    CANDID_ASSIGN(const bool found, query.Step());
    const UserNumber next = found ? static_cast<UserNumber>(query.Int(0)) : 0;
    if (next != user && !faces.empty()) {
      CANDID_TRY(take(user, faces));
      faces.clear();
    }
    if (!found) return {};
    user = next;
    const auto row = static_cast<RowId>(query.Int(1));
    CANDID_ASSIGN(auto vector, ReadVector(query, 2, dimension, row, database));
    faces.push_back(
        {row, std::move(vector), ReadFigures(query, 3), static_cast<float>(query.Real(5))});
  }
}

// Runs `sql` with each face and the user; it may change one row at a time.
Status ChangeEach(Connection& connection, const char* sql, std::span<const RowId> faces,
                  UserNumber user, std::uint64_t* changed) {
  for (const RowId face : faces) {
    CANDID_TRY(Query(connection, sql).Bind(face).Bind(user).Run());
    *changed += connection.changes();
  }
  return {};
}

}  // namespace

Status Store::AssociateFaces(const std::string& collection, UserNumber user,
                             std::span<const RowId> faces, const std::optional<RequestToken>& token,
                             const Bytes& answer, AuditEntry audit) {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    CANDID_TRY(ChangeEach(connection, "INSERT INTO associations VALUES(?,?)", faces, user,
                          &audit.affected));
    if (token) CANDID_TRY(KeepAnswer(connection, row.number, *token, answer));
    return AppendAudit(connection, audit);
  };
  return state_->Write(work);
}

Status Store::DisassociateFaces(const std::string& collection, UserNumber user,
                                std::span<const RowId> faces,
                                const std::optional<RequestToken>& token, const Bytes& answer,
                                AuditEntry audit) {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    CANDID_TRY(ChangeEach(connection, "DELETE FROM associations WHERE face=? AND user=?", faces,
                          user, &audit.affected));
    if (token) CANDID_TRY(KeepAnswer(connection, row.number, *token, answer));
    return AppendAudit(connection, audit);
  };
  return state_->Write(work, Erasing::kBytes);
}

Result<std::vector<UserFace>> Store::FacesOfUser(const std::string& collection,
                                                 UserNumber user) const {
  return state_->Read([&](Connection& connection) -> Result<std::vector<UserFace>> {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    Query query(connection, std::string(kUserFaceColumns) + "WHERE u.number=? ORDER BY a.face");
    query.Bind(user);
    std::vector<UserFace> faces;
    const auto take = [&](UserNumber, const std::vector<UserFace>& all) -> Status {
      faces = all;
      return {};
    };
    CANDID_TRY(ReadUserFacesOf(query, row.collection.model.dimension, state_->database, take));
    return faces;
  });
}

Status Store::ReadUserFaces(
    const std::string& collection,
    const std::function<Status(UserNumber, const std::vector<UserFace>&)>& take) const {
  return state_->Read([&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    Query query(connection,
                std::string(kUserFaceColumns) + "WHERE u.collection=? ORDER BY a.user,a.face");
    query.Bind(row.number);
    return ReadUserFacesOf(query, row.collection.model.dimension, state_->database, take);
  });
}

}  // namespace candid::store
