// candid collections list | create | describe | set | delete

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>

#include "apps/command.h"
#include "apps/duration.h"
#include "apps/open.h"
#include "apps/terminal.h"

namespace candid::apps {
namespace {

using collections::Collection;
using collections::Keep;

constexpr const char* kKeepNames[] = {"none", "crops", "images"};

std::string PromiseOf(const Collection& collection) {
  return collection.false_alarms.empty() ? "none" : collection.false_alarms;
}

boost::json::object ToJson(const Collection& collection) {
  return {{"id", collection.id},
          {"faces", collection.face_count},
          {"created", FormatTime(collection.created)},
          {"pack", collection.model.pack},
          {"model_version", collection.model.version},
          {"model_hash", collection.model.hash},
          {"keep", kKeepNames[static_cast<int>(collection.keep)]},
          {"false_alarms", PromiseOf(collection)},
          {"retention_s", collection.retention.count()}};
}

void Print(const Context& context, const boost::json::object& json, const Row& header,
           const std::vector<Row>& rows) {
  if (context.json) {
    std::puts(boost::json::serialize(json).c_str());
  } else {
    std::fputs(FormatTable(header, rows).c_str(), stdout);
  }
}

// Listing needs no models: it works where the pack is missing too.
Result<std::unique_ptr<store::Store>> OpenToRead(const Context& context) {
  return store::Store::Open(context.state, {.access = store::Access::kRead});
}

Status List(const Context& context) {
  CANDID_ASSIGN(const auto store, OpenToRead(context));
  boost::json::array list;
  std::vector<Row> rows;
  collections::Cursor after = 0;
  while (true) {
    CANDID_ASSIGN(const auto page, store->ListCollections(after, collections::kMaxPage));
    for (const Collection& one : page.items) {
      list.push_back(ToJson(one));
      rows.push_back({one.id, std::to_string(one.face_count), FormatTime(one.created),
                      one.model.pack + " " + one.model.version});
    }
    if (!page.next) break;
    after = *page.next;
  }
  Print(context, {{"collections", list}}, {"collection", "faces", "created", "models"}, rows);
  return {};
}

Status Describe(const Context& context, const std::string& id) {
  CANDID_ASSIGN(const auto store, OpenToRead(context));
  CANDID_ASSIGN(const Collection one, store->FindCollection(id));
  Print(context, ToJson(one), {"collection", one.id},
        {{"faces", std::to_string(one.face_count)},
         {"created", FormatTime(one.created)},
         {"models", one.model.pack + " " + one.model.version},
         {"model hash", one.model.hash},
         {"kept pictures", kKeepNames[static_cast<int>(one.keep)]},
         {"false alarms", PromiseOf(one)},
         {"retention", FormatDuration(one.retention)}});
  return {};
}

// A promise is a tag; "none" is no tag.
collections::Tags TagsOf(const std::string& promise) {
  if (promise == "none") return {};
  return {{store::kFalseAlarmsTag, promise}};
}

Status SetPromise(const Context& context, const std::string& id, const std::string& promise) {
  CANDID_ASSIGN(const auto place, OpenWorkplace(context, store::Access::kWrite, Need::kRecords));
  if (promise == "none") {
    CANDID_TRY(place.collections->Untag({}, id, {store::kFalseAlarmsTag}));
  } else {
    CANDID_TRY(place.collections->Tag({}, id, TagsOf(promise)));
  }
  CANDID_ASSIGN(const Collection one, place.collections->Describe(id));
  if (context.json) std::puts(boost::json::serialize(ToJson(one)).c_str());
  return {};
}

Status Create(const Context& context, const std::string& id, const std::string& keep,
              const std::string& promise) {
  CANDID_ASSIGN(const auto place, OpenWorkplace(context, store::Access::kWrite, Need::kRecords));
  const Keep kept = keep == "images" ? Keep::kImages : keep == "crops" ? Keep::kCrops : Keep::kNone;
  CANDID_ASSIGN(const Collection made, place.collections->Create({}, id, kept, TagsOf(promise)));
  if (context.json) std::puts(boost::json::serialize(ToJson(made)).c_str());
  return {};
}

// A running server takes it over at its next look, seconds later.
Status SetRetention(const Context& context, const std::string& id, const std::string& retention) {
  std::chrono::seconds length{0};
  if (retention != "none") {
    CANDID_ASSIGN(length, ParseDuration("--retention", retention));
    if (length.count() == 0) {
      return Fail(
          Code::kInvalidArgument,
          "--retention of nothing would erase every face: give a length of time, or none to "
          "keep them");
    }
  }
  CANDID_ASSIGN(const auto store,
                store::Store::Open(context.state, {.access = store::Access::kBeside}));
  return store->SetRetention(id, length, {SystemClock().Now(), "", "SetRetention", id, "ok", 0, 0});
}

struct Changes {
  std::string promise;  // empty: stays, as the next
  std::string retention;
};

Status Set(const Context& context, const std::string& id, const Changes& changes) {
  if (changes.retention.empty() && changes.promise.empty()) {
    return Fail(Code::kInvalidArgument, "set what? --false-alarms or --retention says it");
  }
  if (!changes.retention.empty()) CANDID_TRY(SetRetention(context, id, changes.retention));
  if (!changes.promise.empty()) CANDID_TRY(SetPromise(context, id, changes.promise));
  return {};
}

Status Delete(const Context& context, const std::string& id, bool yes) {
  CANDID_ASSIGN(const auto place, OpenWorkplace(context, store::Access::kWrite, Need::kRecords));
  CANDID_ASSIGN(const Collection one, place.collections->Describe(id));
  if (!yes && one.face_count > 0) {
    return Fail(Code::kInvalidArgument,
                fmt::format("collection {} holds {} faces that cannot be brought back: add --yes",
                            id, one.face_count));
  }
  CANDID_TRY(place.collections->Delete({}, id));
  if (context.json) std::puts(boost::json::serialize(ToJson(one)).c_str());
  return {};
}

}  // namespace

void AddCollections(CLI::App* app, Context* context) {
  CLI::App* group = app->add_subcommand("collections", "Make, list and delete collections");
  group->require_subcommand(1);
  group->footer(
      "\nlist, describe and set --retention work beside a running server, the others need it "
      "stopped "
      "(or use\nits API).\nExamples:\n  candid collections list\n  candid collections create staff "
      "--keep crops\n  candid collections set staff --false-alarms 1/10000\n  candid collections "
      "set staff --retention 30d\n  candid collections delete staff --yes\n");
  Run(group->add_subcommand("list", "All collections with their sizes"), context,
      [context] { return List(*context); });
  auto id = std::make_shared<std::string>();
  const auto add = [&](const char* name, const char* text) {
    CLI::App* command = group->add_subcommand(name, text);
    command->add_option("collection", *id, "Its id")->required();
    return command;
  };
  Run(add("describe", "What is known of one collection"), context,
      [context, id] { return Describe(*context, *id); });
  CLI::App* create = add("create", "Make an empty collection for the pack in use");
  auto keep = std::make_shared<std::string>("none");
  create
      ->add_option(
          "--keep", *keep,
          "Pictures to keep, so that another pack can make new templates: none, crops (the "
          "faces) or images (the files)")
      ->check(CLI::IsMember({"none", "crops", "images"}))
      ->capture_default_str();
  auto promise = std::make_shared<std::string>("none");
  const char* const about =
      "At most this share of searches of strangers may return anyone, such as 1/10000, whatever "
      "threshold a caller gives; none";
  create->add_option("--false-alarms", *promise, about)->capture_default_str();
  Run(create, context,
      [context, id, keep, promise] { return Create(*context, *id, *keep, *promise); });
  CLI::App* set = add("set", "Change what a collection promises and how long it keeps its faces");
  auto changes = std::make_shared<Changes>();
  set->add_option("--false-alarms", changes->promise, about);
  set->add_option("--retention", changes->retention,
                  "Faces older than this are erased: 30d, 12h, or none to keep them");
  Run(set, context, [context, id, changes] { return Set(*context, *id, *changes); });
  CLI::App* erase = add("delete", "Erase a collection with all its faces");
  auto yes = std::make_shared<bool>(false);
  erase->add_flag("--yes", *yes, "Also where it holds faces");
  Run(erase, context, [context, id, yes] { return Delete(*context, *id, *yes); });
}

}  // namespace candid::apps
