// The trail's chain: how a line is hashed, and the head record. Private to this folder. The forms
// are in docs/audit.md.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "candid/store/records.h"
#include "candid/store/sqlite.h"

namespace candid::store {

inline constexpr char kChainStart[] = "ChainStart";

// What is hashed of a line besides the hash before it.
std::string CanonicalLine(std::uint64_t sequence, const AuditEntry& entry);
Digest HashOfLine(const Digest& previous, std::uint64_t sequence, const AuditEntry& entry);

// Lines in order; a WHERE or ORDER follows, ReadAuditRow and PreviousHash read its rows.
inline constexpr std::string_view kAuditColumns =
    "SELECT sequence,time_us,key_id,operation,collection,outcome,affected,refused,session,address,"
    "threshold,images,hash,previous_hash FROM audit ";
AuditRow ReadAuditRow(const Query& query);
std::optional<Digest> PreviousHash(const Query& query);

// Where the trail ended when the record was written.
struct AuditHead {
  std::uint64_t sequence = 0;
  Digest hash{};
};
std::filesystem::path HeadFileOf(const std::filesystem::path& folder);
// kNotFound: there is none, or no master key to read it with; kCorrupt: not sealed by that key.
Result<AuditHead> ReadAuditHead(const std::filesystem::path& folder);
Status WriteAuditHead(const std::filesystem::path& folder, const AuditHead& head);

// The hash of a line; absent: no such line, or one without a hash.
Result<std::optional<Digest>> HashAt(Connection& connection, std::uint64_t sequence);
// The last line; sequence 0: the trail is empty.
Result<AuditHead> LastLine(Connection& connection);

}  // namespace candid::store
