// candid erase face | external | user | collection

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>

#include "apps/command.h"
#include "apps/duration.h"
#include "apps/terminal.h"
#include "candid/base/clock.h"
#include "candid/store/erase.h"

namespace candid::apps {
namespace {

constexpr const char* kOutOfReach[] = {
    "backups made before (candid backup, snapshots of the disk, copies): erase those yourself",
    "blocks that the file system or the disk moved elsewhere: encrypt the disk where that matters",
    "answers already given, and what callers kept of them"};

void PrintJson(const store::EraseStatement& statement, const std::string& now) {
  boost::json::array out_of_reach(std::begin(kOutOfReach), std::end(kOutOfReach));
  const boost::json::object json{
      {"time", now},
      {"erased",
       {{"faces", statement.faces},
        {"crops", statement.crops},
        {"pictures", statement.pictures},
        {"collections", boost::json::value_from(statement.collections)}}},
      {"caches_removed", boost::json::value_from(statement.caches_removed)},
      {"searched",
       {{"files", statement.files_searched},
        {"bytes", statement.bytes_searched},
        {"pieces", statement.pieces},
        {"one_piece_in", statement.piece_every},
        {"id", statement.id_searched}}},
      {"leftovers", boost::json::value_from(statement.leftovers)},
      {"still_stored", boost::json::value_from(statement.still_stored)},
      {"proven", statement.proven()},
      {"out_of_reach", std::move(out_of_reach)}};
  std::puts(boost::json::serialize(json).c_str());
}

void PrintText(const store::EraseStatement& statement, const std::string& now) {
  std::string text = fmt::format("{}: erased {} faces, {} crops, {} pictures\n", now,
                                 statement.faces, statement.crops, statement.pictures);
  for (const std::string& collection : statement.collections) {
    text += fmt::format("  of collection {}\n", collection);
  }
  for (const std::string& cache : statement.caches_removed) {
    text += fmt::format("  and the cache {}, which held a piece\n", cache);
  }
  text += fmt::format(
      "searched {} files, {}, for {} pieces{}\n", statement.files_searched,
      FormatBytes(static_cast<double>(statement.bytes_searched)), statement.pieces,
      statement.piece_every == 1 ? "" : fmt::format(" (one in {})", statement.piece_every));
  if (!statement.id_searched) {
    text += "the id itself was not searched for: it is too short, or stays in other collections\n";
  }
  for (const std::string& leftover : statement.leftovers) text += "LEFT: " + leftover + "\n";
  for (const std::string& still : statement.still_stored) {
    text += "STILL STORED, the same face as " + still + "\n";
  }
  if (statement.proven()) text += "nothing was found\n";
  text += "out of reach:\n";
  for (const char* what : kOutOfReach) text += fmt::format("  {}\n", what);
  std::fputs(text.c_str(), stdout);
}

Status Erase(const Context& context, const store::EraseRequest& request, bool yes) {
  if (!yes) {
    return Fail(Code::kInvalidArgument,
                fmt::format("{} cannot be brought back once it is erased: add --yes", request.id));
  }
  // Rebuilding the database goes through a file of its own; it belongs where the rest lies.
  ::setenv("SQLITE_TMPDIR", context.state.c_str(), 1);
  const auto now = SystemClock().Now();
  const std::string collection =
      request.what == store::EraseRequest::What::kCollection ? request.id : request.collection;
  CANDID_ASSIGN(
      const auto statement,
      store::EraseAndProve(context.state, request, {now, "", "Erase", collection, "ok", 0, 0}));
  if (context.json) {
    PrintJson(statement, FormatTime(now));
  } else {
    PrintText(statement, FormatTime(now));
  }
  if (!statement.leftovers.empty()) {
    return Fail(Code::kCorrupt, "erased, and still there: the statement names the files");
  }
  if (!statement.still_stored.empty()) {
    return Fail(Code::kConflict,
                "erased, and the same face is stored in other places that the statement names: "
                "erase it there too");
  }
  return {};
}

}  // namespace

void AddErase(CLI::App* app, Context* context) {
  using What = store::EraseRequest::What;
  CLI::App* group = app->add_subcommand(
      "erase", "Take somebody out of every file, and show that nothing is left");
  group->require_subcommand(1);
  group->footer(
      "\nNeeds the server stopped (./up --stop): the database is rebuilt and every file searched.\n"
      "Examples:\n  candid erase face 1b2c... --yes\n"
      "  candid erase external visitor-17 --collection staff --yes --json > statement.json\n");
  auto request = std::make_shared<store::EraseRequest>();
  auto yes = std::make_shared<bool>(false);
  const auto add = [&](const char* name, const char* text, What what) {
    CLI::App* command = group->add_subcommand(name, text);
    command->add_option("id", request->id, "Its id")->required();
    if (what != What::kCollection) {
      command->add_option("--collection", request->collection, "Only there; all where left out");
    }
    command->add_flag("--yes", *yes, "It is meant");
    Run(command, context, [context, request, yes, what] {
      request->what = what;
      return Erase(*context, *request, *yes);
    });
  };
  add("face", "One face, by its face id", What::kFace);
  add("external", "All faces of an external image id", What::kExternalImage);
  add("user", "A user and all faces associated with it", What::kUser);
  add("collection", "A collection with everything in it", What::kCollection);
}

}  // namespace candid::apps
