// The store's audit trail.
#include "candid/store/rows.h"
#include "candid/store/state.h"

namespace candid::store {

void Store::Audit(AuditEntry entry) {
  if (state_->writer == nullptr) return;
  state_->writer->Later([entry = std::move(entry)](Connection& connection) {
    return AppendAudit(connection, entry);
  });
}

Status Store::Flush() {
  return state_->Write([](Connection&) -> Status { return {}; });
}

Result<Page<AuditRow>> Store::ListAudit(Cursor after, std::size_t limit) const {
  return state_->Read([&](Connection& connection) -> Result<Page<AuditRow>> {
    Query query(connection,
                "SELECT sequence,time_us,key_id,operation,collection,outcome,affected,refused "
                "FROM audit WHERE sequence>? ORDER BY sequence LIMIT ?");
    query.Bind(after).Bind(std::uint64_t{limit} + 1);
    Page<AuditRow> page;
    while (true) {
      CANDID_ASSIGN(const bool found, query.Step());
      if (!found) return page;
      if (page.items.size() == limit) {
        page.next = page.items.empty() ? after : page.items.back().sequence;
        return page;
      }
      page.items.push_back({static_cast<std::uint64_t>(query.Int(0)),
                            {FromMicroseconds(query.Int(1)), query.Text(2), query.Text(3),
                             query.Text(4), query.Text(5), static_cast<std::uint64_t>(query.Int(6)),
                             static_cast<std::uint64_t>(query.Int(7))}});
    }
  });
}

}  // namespace candid::store
