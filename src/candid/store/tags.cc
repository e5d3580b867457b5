// The store's tags.
#include <fmt/format.h>

#include "candid/store/rows.h"
#include "candid/store/state.h"

namespace candid::store {

Status PutTags(Connection& connection, std::uint64_t collection, const Tags& tags) {
  for (const auto& [key, value] : tags) {
    CANDID_TRY(Query(connection, "INSERT OR REPLACE INTO tags VALUES(?,?,?)")
                   .Bind(collection)
                   .Bind(key)
                   .Bind(value)
                   .Run());
  }
  Query query(connection, "SELECT count(*) FROM tags WHERE collection=?");
  CANDID_TRY(query.Bind(collection).Step());
  if (query.Int(0) <= static_cast<std::int64_t>(kMaxTags)) return {};
  return Fail(Code::kExhausted,
              fmt::format("a collection can have {} tags: remove some first", kMaxTags));
}

Result<Tags> Store::ListTags(const std::string& collection) const {
  return state_->Read([&](Connection& connection) -> Result<Tags> {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    Query query(connection, "SELECT key,value FROM tags WHERE collection=?");
    query.Bind(row.number);
    Tags tags;
    while (true) {
      CANDID_ASSIGN(const bool found, query.Step());
      if (!found) return tags;
      tags.emplace(query.Text(0), query.Text(1));
    }
  });
}

Status Store::SetTags(const std::string& collection, const Tags& tags, AuditEntry audit) {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    CANDID_TRY(PutTags(connection, row.number, tags));
    audit.affected = tags.size();
    return AppendAudit(connection, audit);
  };
  return state_->Write(work, Erasing::kBytes);  // of values that are overwritten
}

Status Store::RemoveTags(const std::string& collection, const std::vector<std::string>& keys,
                         AuditEntry audit) {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    for (const std::string& key : keys) {
      CANDID_TRY(Query(connection, "DELETE FROM tags WHERE collection=? AND key=?")
                     .Bind(row.number)
                     .Bind(key)
                     .Run());
      audit.affected += connection.changes();
    }
    return AppendAudit(connection, audit);
  };
  return state_->Write(work, Erasing::kBytes);
}

}  // namespace candid::store
