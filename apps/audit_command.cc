// candid audit verify | export | head | reseal

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <optional>

#include "apps/command.h"
#include "apps/duration.h"
#include "candid/base/clock.h"
#include "candid/store/store.h"

namespace candid::apps {
namespace {

constexpr std::size_t kPage = 1000;

struct ExportOptions {
  std::string since;
  std::string until;
  bool csv = false;
};

Result<std::unique_ptr<store::Store>> OpenToRead(const Context& context) {
  return store::Store::Open(context.state, {.access = store::Access::kRead});
}

Result<std::optional<Digest>> ExpectedOf(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto bytes = FromHex(text);
  Digest digest{};
  if (!bytes || bytes->size() != digest.size()) {
    return Fail(Code::kInvalidArgument,
                fmt::format("--expect {}: a hash has 64 hexadecimal digits; candid audit head "
                            "prints one",
                            text));
  }
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

Status Verify(const Context& context, const std::string& expect) {
  CANDID_ASSIGN(const auto expected, ExpectedOf(expect));
  CANDID_ASSIGN(const auto store, OpenToRead(context));
  CANDID_ASSIGN(const store::AuditReport report, store->VerifyAudit(expected));
  if (context.json) {
    boost::json::object json{{"lines", report.lines},
                             {"last", report.last},
                             {"head", ToHex(report.head)},
                             {"before_chain", report.unchained},
                             {"flaws", report.flaw_count},
                             {"sound", report.flaw_count == 0},
                             {"sealed_line", boost::json::value()}};
    if (report.sealed) json["sealed_line"] = *report.sealed;
    json["found"] = boost::json::value_from(report.flaws);
    std::puts(boost::json::serialize(json).c_str());
  } else {
    std::printf("%llu lines, the last is %llu with hash %s\n",
                static_cast<unsigned long long>(report.lines),
                static_cast<unsigned long long>(report.last), ToHex(report.head).c_str());
    if (report.unchained != 0) {
      std::printf("the first %llu are older than the chain: held since the upgrade, not before\n",
                  static_cast<unsigned long long>(report.unchained));
    }
    if (report.sealed) {
      std::printf("the head record holds the end up to line %llu\n",
                  static_cast<unsigned long long>(*report.sealed));
    } else {
      std::puts("there is no head record: only --expect HASH can show an end that was cut off");
    }
    for (const std::string& flaw : report.flaws) std::printf("FOUND: %s\n", flaw.c_str());
  }
  if (report.flaw_count == 0) {
    if (!context.json) std::puts("sound");
    return {};
  }
  return Fail(Code::kCorrupt, fmt::format("the audit trail is not what was written: {} findings",
                                          report.flaw_count));
}

Status Head(const Context& context) {
  CANDID_ASSIGN(const auto store, OpenToRead(context));
  CANDID_ASSIGN(const store::AuditReport report, store->VerifyAudit());
  if (report.flaw_count != 0) {
    return Fail(Code::kCorrupt, "the audit trail is not sound: candid audit verify says where");
  }
  if (context.json) {
    std::puts(boost::json::serialize(
                  boost::json::object{{"line", report.last}, {"hash", ToHex(report.head)}})
                  .c_str());
  } else {
    std::printf("%s\n", ToHex(report.head).c_str());
  }
  return {};
}

boost::json::object ToJson(const store::AuditRow& row) {
  const store::AuditEntry& entry = row.entry;
  boost::json::object json{{"sequence", row.sequence},
                           {"time", FormatTime(entry.time)},
                           {"time_us", std::chrono::duration_cast<std::chrono::microseconds>(
                                           entry.time.time_since_epoch())
                                           .count()},
                           {"key", entry.key_id},
                           {"session", entry.session},
                           {"address", entry.address},
                           {"operation", entry.operation},
                           {"collection", entry.collection},
                           {"outcome", entry.outcome},
                           {"affected", entry.affected},
                           {"refused", entry.refused},
                           {"threshold", boost::json::value()},
                           {"images", entry.images},
                           {"hash", row.hash ? ToHex(*row.hash) : ""}};
  if (entry.threshold) json["threshold"] = *entry.threshold;
  return json;
}

// No cell of ours begins with what a table's program takes for a formula but a caller's "-".
std::string Cell(const std::string& text) {
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? "\"\"" : std::string(1, c);
  return cell + "\"";
}

void PrintCsv(const store::AuditRow& row) {
  const store::AuditEntry& entry = row.entry;
  std::fputs(fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", row.sequence,
                         FormatTime(entry.time), Cell(entry.key_id), Cell(entry.session),
                         Cell(entry.address), Cell(entry.operation), Cell(entry.collection),
                         Cell(entry.outcome), entry.affected, entry.refused,
                         entry.threshold ? fmt::format("{}", *entry.threshold) : "",
                         Cell(entry.images), row.hash ? ToHex(*row.hash) : "")
                 .c_str(),
             stdout);
}

// A page at a time, so that a trail of any length passes through.
Status Export(const Context& context, const ExportOptions& options) {
  if (context.json && options.csv) {
    return Fail(Code::kInvalidArgument, "--json and --csv: choose one");
  }
  store::Time since{};
  store::Time until = store::Time::max();
  if (!options.since.empty()) {
    CANDID_ASSIGN(since, ParseTime("--since", options.since));
  }
  if (!options.until.empty()) {
    CANDID_ASSIGN(until, ParseTime("--until", options.until));
  }
  CANDID_ASSIGN(const auto store, OpenToRead(context));
  std::fputs(context.json ? "{\"lines\":["
                          : "sequence,time,key,session,address,operation,collection,outcome,"
                            "affected,refused,threshold,images,hash\r\n",
             stdout);
  bool first = true;
  store::Cursor after = 0;
  while (true) {
    CANDID_ASSIGN(const auto page, store->ListAudit(after, kPage));
    for (const store::AuditRow& row : page.items) {
      if (row.entry.time < since || row.entry.time >= until) continue;
      if (context.json) {
        std::fputs(((first ? "\n" : ",\n") + boost::json::serialize(ToJson(row))).c_str(), stdout);
      } else {
        PrintCsv(row);
      }
      first = false;
    }
    if (!page.next) break;
    after = *page.next;
  }
  if (context.json) std::puts("\n]}");
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return Fail(Code::kIo, "the lines could not all be written: free disk space, then try again");
  }
  return {};
}

Status Reseal(const Context& context, bool yes) {
  if (!yes) {
    return Fail(
        Code::kInvalidArgument,
        "resealing gives up what the head record holds of the trail's end; after a restored "
        "backup, and only then: add --yes");
  }
  CANDID_ASSIGN(const auto store,
                store::Store::Open(context.state, {.access = store::Access::kBeside}));
  return store->ResealAuditHead({SystemClock().Now(), "", "ResealAudit", "", "ok", 0, 0});
}

}  // namespace

void AddAudit(CLI::App* app, Context* context) {
  CLI::App* group = app->add_subcommand("audit", "Who did what, and whether that record is whole");
  group->require_subcommand(1);
  group->footer(
      "\nAll of it works beside a running server. docs/audit.md says what a line "
      "holds.\nExamples:\n"
      "  candid audit verify\n  candid audit head   # keep it elsewhere\n"
      "  candid audit verify --expect HASH\n  candid audit export --since 2026-11-01 > "
      "audit.csv\n");
  CLI::App* verify = group->add_subcommand(
      "verify", "Read every line and say what was changed, taken out, reordered or cut off");
  auto expect = std::make_shared<std::string>();
  verify->add_option("--expect", *expect, "Hash of a line that must be there (candid audit head)");
  Run(verify, context, [context, expect] { return Verify(*context, *expect); });
  Run(group->add_subcommand("head", "The hash of the last line, to keep elsewhere"), context,
      [context] { return Head(*context); });
  CLI::App* exporting = group->add_subcommand("export", "Every line, as CSV or JSON");
  auto options = std::make_shared<ExportOptions>();
  exporting->add_option("--since", options->since, "From this time on (UTC)");
  exporting->add_option("--until", options->until, "Before this time (UTC)");
  exporting->add_flag("--csv", options->csv, "As CSV, which is what comes without --json too");
  Run(exporting, context, [context, options] { return Export(*context, *options); });
  CLI::App* reseal =
      group->add_subcommand("reseal", "Make the head record anew after a backup was restored");
  auto yes = std::make_shared<bool>(false);
  reseal->add_flag("--yes", *yes, "The trail's end as it is now is the one to hold");
  Run(reseal, context, [context, yes] { return Reseal(*context, *yes); });
}

}  // namespace candid::apps
