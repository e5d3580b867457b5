#include "candid/store/trail.h"

#include <fmt/format.h>

#include <algorithm>

#include "candid/base/files.h"
#include "candid/store/rows.h"
#include "candid/store/state.h"
#include "candid/store/vault.h"

namespace candid::store {
namespace {

constexpr char kLostLines[] = "LostLines";
constexpr char kHeadForm[] = "candid head 1";
constexpr char kHeadPurpose[] = "audit head";
constexpr std::uint64_t kMaxHeadBytes = 1024;

std::optional<Digest> DigestIn(const Query& query, int column) {
  const ByteSpan bytes = query.Blob(column);
  Digest digest{};
  if (bytes.size() != digest.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

std::string HeadText(const AuditHead& head) {
  return fmt::format("{}\n{}\n{}\n", kHeadForm, head.sequence, ToHex(head.hash));
}

Status Insert(Connection& connection, std::uint64_t sequence, const Digest& previous,
              const AuditEntry& entry) {
  const Digest hash = HashOfLine(previous, sequence, entry);
  Query query(connection,
              "INSERT INTO audit(sequence,time_us,key_id,operation,collection,outcome,affected,"
              "refused,session,address,images,previous_hash,hash,threshold) "
              "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  query.Bind(sequence)
      .Bind(Microseconds(entry.time))
      .Bind(entry.key_id)
      .Bind(entry.operation)
      .Bind(entry.collection)
      .Bind(entry.outcome)
      .Bind(entry.affected)
      .Bind(entry.refused)
      .Bind(entry.session)
      .Bind(entry.address)
      .Bind(entry.images)
      .Bind(ByteSpan(previous))
      .Bind(ByteSpan(hash));
  if (entry.threshold) query.Bind(*entry.threshold);  // unbound is null
  return query.Run();
}

}  // namespace

std::string CanonicalLine(std::uint64_t sequence, const AuditEntry& entry) {
  std::string line;
  const auto add = [&](const std::string& part) {
    line += fmt::format("{}:{},", part.size(), part);
  };
  add(std::to_string(sequence));
  add(std::to_string(Microseconds(entry.time)));
  add(entry.key_id);
  add(entry.operation);
  add(entry.collection);
  add(entry.outcome);
  add(std::to_string(entry.affected));
  add(std::to_string(entry.refused));
  add(entry.session);
  add(entry.address);
  add(entry.threshold ? fmt::format("{}", *entry.threshold) : "");
  add(entry.images);
  return line;
}

Digest HashOfLine(const Digest& previous, std::uint64_t sequence, const AuditEntry& entry) {
  Sha256Stream stream;
  stream.Update(previous);
  stream.Update(AsBytes(CanonicalLine(sequence, entry)));
  return stream.Finish();
}

AuditRow ReadAuditRow(const Query& query) {
  const auto count = [&](int column) { return static_cast<std::uint64_t>(query.Int(column)); };
  AuditRow row{
      count(0),
      {FromMicroseconds(query.Int(1)), query.Text(2), query.Text(3), query.Text(4), query.Text(5),
       count(6), count(7), query.Text(8), query.Text(9), std::nullopt, query.Text(11)},
      DigestIn(query, 12)};
  if (!query.IsNull(10)) row.entry.threshold = query.Real(10);
  return row;
}

std::optional<Digest> PreviousHash(const Query& query) { return DigestIn(query, 13); }

Result<std::optional<Digest>> HashAt(Connection& connection, std::uint64_t sequence) {
  Query query(connection, "SELECT hash FROM audit WHERE sequence=?");
  CANDID_ASSIGN(const bool found, query.Bind(sequence).Step());
  return found ? DigestIn(query, 0) : std::nullopt;
}

Result<AuditHead> LastLine(Connection& connection) {
  Query query(connection, "SELECT sequence,hash FROM audit ORDER BY sequence DESC LIMIT 1");
  CANDID_ASSIGN(const bool found, query.Step());
  if (!found) return AuditHead{};
  return AuditHead{static_cast<std::uint64_t>(query.Int(0)), DigestIn(query, 1).value_or(Digest{})};
}

Status AppendAudit(Connection& connection, const AuditEntry& entry) {
  CANDID_ASSIGN(const AuditHead last, LastLine(connection));
  return Insert(connection, last.sequence + 1, last.hash, entry);
}

Status StartChain(Connection& connection, Time now) {
  return connection.Transact([&]() -> Status {
    CANDID_ASSIGN(const AuditHead last, LastLine(connection));
    if (last.sequence == 0 || last.hash != Digest{}) return {};
    Sha256Stream stream;
    std::uint64_t lines = 0;
    {
      Query query(connection, std::string(kAuditColumns) + "ORDER BY sequence");
      while (true) {
        CANDID_ASSIGN(const bool found, query.Step());
        if (!found) break;
        const AuditRow row = ReadAuditRow(query);
        stream.Update(AsBytes(CanonicalLine(row.sequence, row.entry)));
        ++lines;
      }
    }
    AuditEntry start{now, "", kChainStart, "", "ok", lines, 0};
    start.images = ToHex(stream.Finish());
    return Insert(connection, last.sequence + 1, Digest{}, start);
  });
}

void Store::Audit(AuditEntry entry) {
  if (state_->writer == nullptr) return;
  State& state = *state_;
  // The line, and before it how many are missing since the last one that could be written.
  auto told = std::make_shared<std::uint64_t>(0);
  const auto work = [&state, told, entry = std::move(entry)](Connection& connection) -> Status {
    *told = state.untold_lines.exchange(0);
    if (*told != 0) {
      CANDID_TRY(AppendAudit(connection, {entry.time, "", kLostLines, "", "lost", *told, 0}));
    }
    return AppendAudit(connection, entry);
  };
  state.writer->Later(work, [&state, told](const Status& status) {
    state.audit_failing = !status;
    if (status) return;
    ++state.lost_lines;
    state.untold_lines += *told + 1;
  });
}

AuditHealth Store::audit_health() const {
  return {state_->lost_lines.load(), state_->audit_failing.load()};
}

Status Store::Flush() {
  return state_->WriteSettings([](Connection&) -> Status { return {}; });
}

Result<Page<AuditRow>> Store::ListAudit(Cursor after, std::size_t limit) const {
  return state_->Read([&](Connection& connection) -> Result<Page<AuditRow>> {
    Query query(connection,
                std::string(kAuditColumns) + "WHERE sequence>? ORDER BY sequence LIMIT ?");
    query.Bind(after).Bind(std::uint64_t{limit} + 1);
    Page<AuditRow> page;
    while (true) {
      CANDID_ASSIGN(const bool found, query.Step());
      if (!found) return page;
      if (page.items.size() == limit) {
        page.next = page.items.empty() ? after : page.items.back().sequence;
        return page;
      }
      page.items.push_back(ReadAuditRow(query));
    }
  });
}

std::filesystem::path HeadFileOf(const std::filesystem::path& folder) {
  return folder / "candid.head";
}

Result<AuditHead> ReadAuditHead(const std::filesystem::path& folder) {
  CANDID_ASSIGN(const Bytes bytes, ReadFile(HeadFileOf(folder), kMaxHeadBytes));
  CANDID_ASSIGN(const Vault vault, Vault::Open(MasterKeyOf(folder)));
  const std::string_view text = AsText(bytes);
  const auto wrong = [&] {
    return Fail(Code::kCorrupt,
                fmt::format("{} is not a head record sealed by {}", HeadFileOf(folder).string(),
                            MasterKeyOf(folder).string()));
  };
  // Whatever is sealed has the form that we write.
  const std::size_t seal_at = text.rfind('\n', text.size() < 2 ? 0 : text.size() - 2);
  if (seal_at == text.npos || text.empty() || text.back() != '\n') return wrong();
  const std::string_view sealed = text.substr(0, seal_at + 1);
  const std::string expected = ToHex(vault.Mac(kHeadPurpose, AsBytes(sealed)));
  if (!EqualInConstantTime(AsBytes(expected),
                           AsBytes(text.substr(seal_at + 1, text.size() - seal_at - 2)))) {
    return wrong();
  }
  const std::size_t number_at = sealed.find('\n') + 1;
  const std::size_t hash_at = sealed.find('\n', number_at) + 1;
  CANDID_ASSIGN(const Bytes hash, FromHex(sealed.substr(hash_at, 64)));
  AuditHead head;
  head.sequence = std::strtoull(std::string(sealed.substr(number_at)).c_str(), nullptr, 10);
  if (hash.size() != head.hash.size()) return wrong();
  std::copy(hash.begin(), hash.end(), head.hash.begin());
  return head;
}

Status WriteAuditHead(const std::filesystem::path& folder, const AuditHead& head) {
  const auto vault = Vault::Open(MasterKeyOf(folder));
  if (!vault && vault.error().code() == Code::kNotFound) return {};
  if (!vault) return Fail(vault.error());
  std::string text = HeadText(head);
  text += ToHex(vault->Mac(kHeadPurpose, AsBytes(text))) + "\n";
  return WriteFileDurably(HeadFileOf(folder), AsBytes(text), FileMode::kSecret);
}

Status Store::SealAuditHead() {
  const auto known = ReadAuditHead(state_->folder);
  if (!known && known.error().code() != Code::kNotFound) return Fail(known.error());
  const auto read = [&](Connection& connection) -> Result<AuditHead> {
    if (known && known->sequence != 0) {
      CANDID_ASSIGN(const auto hash, HashAt(connection, known->sequence));
      if (hash != known->hash) {
        return Fail(Code::kCorrupt,
                    fmt::format("the audit trail does not hold line {} as {} names it: lines were "
                                "changed or cut, or an older backup was restored (then: candid "
                                "audit reseal)",
                                known->sequence, HeadFileOf(state_->folder).string()));
      }
    }
    return LastLine(connection);
  };
  CANDID_ASSIGN(const AuditHead head, state_->Read(read));
  if (known && known->sequence == head.sequence) return {};
  return WriteAuditHead(state_->folder, head);
}

Status Store::ResealAuditHead(AuditEntry audit) {
  if (const auto known = ReadAuditHead(state_->folder)) {
    audit.affected = known->sequence;
    audit.images = ToHex(known->hash);
  }
  CANDID_TRY(state_->WriteSettings(
      [&](Connection& connection) -> Status { return AppendAudit(connection, audit); }));
  CANDID_ASSIGN(const AuditHead head, state_->Read(LastLine));
  return WriteAuditHead(state_->folder, head);
}

}  // namespace candid::store
