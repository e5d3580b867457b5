// Is the trail what was written? The whole of it, line by line.
#include <fmt/format.h>

#include "candid/store/state.h"
#include "candid/store/trail.h"

namespace candid::store {
namespace {

constexpr std::size_t kShownFlaws = 20;

class Checker {
 public:
  Checker(const std::optional<Digest>& expect, const std::optional<AuditHead>& sealed)
      : expect_(expect), sealed_(sealed) {}

  void Take(const AuditRow& row, const std::optional<Digest>& previous) {
    const bool gap = row.sequence != report_.last + 1;
    if (gap) {
      Flaw(fmt::format("lines {} to {} are missing", report_.last + 1, row.sequence - 1));
    }
    report_.last = row.sequence;
    ++report_.lines;
    if (!row.hash) {
      TakeUnchained(row);
      return;
    }
    if (!chained_) CheckStart(row, previous);
    if (chained_ && !gap && previous != report_.head) {
      Flaw(
          fmt::format("line {} does not follow the one before it: lines were taken out, put in or "
                      "put in another order there",
                      row.sequence));
    }
    if (*row.hash != HashOfLine(previous.value_or(Digest{}), row.sequence, row.entry)) {
      Flaw(fmt::format("line {} was changed", row.sequence));
    }
    chained_ = true;
    report_.head = *row.hash;
    expected_found_ = expected_found_ || row.hash == expect_;
    if (sealed_ && sealed_->sequence == row.sequence) {
      sealed_found_ = true;
      if (sealed_->hash != *row.hash) {
        Flaw(fmt::format("line {} is not the one that the head record names", row.sequence));
      }
    }
  }

  // `ever`: the highest sequence that the database says it has given.
  AuditReport Finish(std::uint64_t ever) && {
    if (ever > report_.last) {
      Flaw(fmt::format("lines {} to {} were cut from the end", report_.last + 1, ever));
    }
    if (sealed_ && sealed_->sequence > report_.last) {
      Flaw(
          fmt::format("the head record names line {} and the trail ends with line {}: its end was "
                      "cut, or an older backup was restored",
                      sealed_->sequence, report_.last));
    } else if (sealed_ && sealed_->sequence != 0 && !sealed_found_) {
      Flaw(fmt::format("line {}, which the head record names, is missing", sealed_->sequence));
    }
    if (expect_ && !expected_found_) {
      Flaw(fmt::format("no line has the hash {} that was expected", ToHex(*expect_)));
    }
    if (sealed_) report_.sealed = sealed_->sequence;
    return std::move(report_);
  }

  void Flaw(std::string text) {
    ++report_.flaw_count;
    if (report_.flaws.size() < kShownFlaws) report_.flaws.push_back(std::move(text));
  }

 private:
  void TakeUnchained(const AuditRow& row) {
    if (chained_) {
      Flaw(fmt::format("line {} has no hash", row.sequence));
      return;
    }
    ++report_.unchained;
    foundation_.Update(AsBytes(CanonicalLine(row.sequence, row.entry)));
  }

  void CheckStart(const AuditRow& row, const std::optional<Digest>& previous) {
    if (previous != Digest{}) {
      Flaw(fmt::format("line {} is not the chain's beginning: lines before it are missing",
                       row.sequence));
    }
    const AuditEntry& entry = row.entry;
    if (report_.unchained == 0 && entry.operation != kChainStart) return;
    if (entry.operation != kChainStart || entry.affected != report_.unchained ||
        entry.images != ToHex(foundation_.Finish())) {
      Flaw(fmt::format("lines before line {} are not those that the chain began with",
                       row.sequence));
    }
  }

  const std::optional<Digest> expect_;
  const std::optional<AuditHead> sealed_;
  AuditReport report_;
  Sha256Stream foundation_;
  bool chained_ = false;
  bool expected_found_ = false;
  bool sealed_found_ = false;
};

}  // namespace

Result<AuditReport> Store::VerifyAudit(const std::optional<Digest>& expect) const {
  // Before the lines: the record never runs ahead of the trail.
  const auto head = ReadAuditHead(state_->folder);
  return state_->Read([&](Connection& connection) -> Result<AuditReport> {
    Checker checker(expect, head ? std::optional(*head) : std::nullopt);
    if (!head && head.error().code() != Code::kNotFound) checker.Flaw(head.error().message());
    Query query(connection, std::string(kAuditColumns) + "ORDER BY sequence");
    while (true) {
      CANDID_ASSIGN(const bool found, query.Step());
      if (!found) break;
      checker.Take(ReadAuditRow(query), PreviousHash(query));
    }
    CANDID_ASSIGN(const auto ever,
                  connection.Number("SELECT seq FROM sqlite_sequence WHERE name='audit'"));
    return std::move(checker).Finish(static_cast<std::uint64_t>(ever));
  });
}

}  // namespace candid::store
