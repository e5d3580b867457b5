// The store's collections.
#include <fmt/format.h>

#include "candid/store/rows.h"
#include "candid/store/state.h"

namespace candid::store {

Result<Collection> Store::CreateCollection(const Collection& collection, const AuditEntry& audit,
                                           const Tags& tags) {
  const auto work = [&](Connection& connection) -> Status {
    if (FindCollectionRow(connection, collection.id)) {
      return Fail(Code::kAlreadyExists,
                  fmt::format("The collection id: {} already exists", collection.id));
    }
    CANDID_TRY(Query(connection,
                     "INSERT INTO collections(id,created_us,pack,model_hash,model_version,"
                     "dimension,keep) VALUES(?,?,?,?,?,?,?)")
                   .Bind(collection.id)
                   .Bind(Microseconds(collection.created))
                   .Bind(collection.model.pack)
                   .Bind(collection.model.hash)
                   .Bind(collection.model.version)
                   .Bind(std::uint64_t{collection.model.dimension})
                   .Bind(static_cast<int>(collection.keep))
                   .Run());
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection.id));
    CANDID_TRY(PutTags(connection, row.number, tags));
    return AppendAudit(connection, audit);
  };
  CANDID_TRY(state_->Write(work));
  return FindCollection(collection.id);
}

Result<Collection> Store::FindCollection(const std::string& id) const {
  return state_->Read([&](Connection& connection) -> Result<Collection> {
    CANDID_ASSIGN(auto row, FindCollectionRow(connection, id));
    return row.collection;
  });
}

Result<std::uint64_t> Store::CountCollections() const {
  return state_->Read([&](Connection& connection) -> Result<std::uint64_t> {
    CANDID_ASSIGN(const auto count, connection.Number("SELECT count(*) FROM collections"));
    return static_cast<std::uint64_t>(count);
  });
}

Result<Page<Collection>> Store::ListCollections(Cursor after, std::size_t limit) const {
  return state_->Read([&](Connection& connection) -> Result<Page<Collection>> {
    Query query(connection,
                std::string(kCollectionColumns) + "WHERE number>? ORDER BY number LIMIT ?");
    query.Bind(after).Bind(std::uint64_t{limit} + 1);
    Page<Collection> page;
    Cursor last = after;
    while (true) {
      CANDID_ASSIGN(const bool found, query.Step());
      if (!found) return page;
      if (page.items.size() == limit) {
        page.next = last;
        return page;
      }
      CollectionRow row = ReadCollection(query);
      last = row.number;
      page.items.push_back(std::move(row.collection));
    }
  });
}

Result<std::uint64_t> Store::DeleteCollection(const std::string& id, AuditEntry audit) {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, id));
    CANDID_TRY(Query(connection, "DELETE FROM collections WHERE number=?").Bind(row.number).Run());
    audit.affected = row.collection.face_count;
    return AppendAudit(connection, audit);
  };
  CANDID_TRY(state_->Write(work, Erasing::kBytes));
  return audit.affected;
}

Status Store::SetRetention(const std::string& id, std::chrono::seconds retention,
                           const AuditEntry& audit) {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, id));
    CANDID_TRY(Query(connection, "UPDATE collections SET retention_s=? WHERE number=?")
                   .Bind(std::int64_t{retention.count()})
                   .Bind(row.number)
                   .Run());
    return AppendAudit(connection, audit);
  };
  return state_->WriteSettings(work);
}

}  // namespace candid::store
