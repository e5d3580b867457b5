// candid keys create | list | env | enable | disable | delete

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "apps/command.h"
#include "apps/terminal.h"
#include "candid/collections/access_keys.h"

namespace candid::apps {
namespace {

using collections::AccessKey;
using collections::AccessKeys;

struct OpenKeys {
  std::unique_ptr<store::Store> store;
  std::unique_ptr<AccessKeys> keys;
};

Result<OpenKeys> Open(const Context& context, store::Access access) {
  OpenKeys open;
  CANDID_ASSIGN(open.store, store::Store::Open(context.state, {.access = access}));
  CANDID_ASSIGN(open.keys, AccessKeys::Load(*open.store));
  return open;
}

// Looks before it locks, so that ./up may ask while the server runs.
Result<bool> HasKey(const Context& context) {
  const auto store = store::Store::Open(context.state, {.access = store::Access::kRead});
  if (!store && store.error().code() == Code::kNotFound) return false;
  if (!store) return Fail(store.error());
  CANDID_ASSIGN(const auto keys, (*store)->ListKeys());
  return !keys.empty();
}

Status Create(const Context& context, bool if_none, const std::string& note) {
  if (if_none) {
    CANDID_ASSIGN(const bool there, HasKey(context));
    if (there) return {};
  }
  CANDID_ASSIGN(const auto open, Open(context, store::Access::kWrite));
  CANDID_ASSIGN(const auto key, open.keys->Create(note));
  if (context.json) {
    std::puts(boost::json::serialize(boost::json::object{{"id", key.id}, {"secret", key.secret}})
                  .c_str());
  } else {
    std::printf("%s\n", key.id.c_str());
  }
  return {};
}

Status List(const Context& context) {
  CANDID_ASSIGN(const auto open, Open(context, store::Access::kRead));
  CANDID_ASSIGN(const auto keys, open.keys->List());
  boost::json::array list;
  std::vector<Row> rows;
  for (const AccessKey& key : keys) {
    const std::string created =
        fmt::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(key.created));
    list.push_back(
        {{"id", key.id}, {"created", created}, {"enabled", key.enabled}, {"note", key.note}});
    rows.push_back({key.id, created, key.enabled ? "enabled" : "disabled", key.note});
  }
  if (context.json) {
    std::puts(boost::json::serialize(boost::json::object{{"keys", list}}).c_str());
  } else {
    std::fputs(FormatTable({"access key id", "created", "state", "note"}, rows).c_str(), stdout);
  }
  return {};
}

Status PrintExports(const Context& context) {
  CANDID_ASSIGN(const auto open, Open(context, store::Access::kRead));
  CANDID_ASSIGN(const auto keys, open.keys->List());
  const auto first =
      std::find_if(keys.begin(), keys.end(), [](const AccessKey& key) { return key.enabled; });
  if (first == keys.end()) {
    return Fail(Code::kNotFound, "there is no enabled key; candid keys create makes one");
  }
  CANDID_ASSIGN(const auto secret, open.keys->Secret(first->id));
  std::printf("export AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\n", first->id.c_str(),
              secret.c_str());
  return {};
}

}  // namespace

void AddKeys(CLI::App* app, Context* context) {
  CLI::App* group = app->add_subcommand("keys", "Who may call the server");
  group->require_subcommand(1);
  group->footer(
      "\nlist and env work beside a running server; the others need it stopped (./up --stop).\n"
      "Examples:\n  candid keys create --note 'front door'\n"
      "  candid keys create --json   # with the secret\n  eval \"$(candid keys env)\"\n");
  CLI::App* create = group->add_subcommand("create", "Make a key and print its id");
  auto if_none = std::make_shared<bool>(false);
  auto note = std::make_shared<std::string>();
  create->add_flag("--if-none", *if_none, "Only where there is no key yet");
  create->add_option("--note", *note, "What it is for");
  Run(create, context, [context, if_none, note] { return Create(*context, *if_none, *note); });
  Run(group->add_subcommand("list", "All keys, without secrets"), context,
      [context] { return List(*context); });
  Run(group->add_subcommand("env", "Shell exports of the first enabled key, secret included"),
      context, [context] { return PrintExports(*context); });
  auto id = std::make_shared<std::string>();
  const auto add = [&](const char* name, const char* text,
                       std::function<Status(AccessKeys&, const std::string&)> change) {
    CLI::App* command = group->add_subcommand(name, text);
    command->add_option("id", *id, "Access key id")->required();
    Run(command, context, [context, id, change = std::move(change)]() -> Status {
      CANDID_ASSIGN(const auto open, Open(*context, store::Access::kWrite));
      return change(*open.keys, *id);
    });
  };
  add("enable", "Let a disabled key in again",
      [](AccessKeys& keys, const std::string& key) { return keys.SetEnabled(key, true); });
  add("disable", "Let a key in no more, and keep it",
      [](AccessKeys& keys, const std::string& key) { return keys.SetEnabled(key, false); });
  add("delete", "Let a key in no more, for ever",
      [](AccessKeys& keys, const std::string& key) { return keys.Delete(key); });
}

}  // namespace candid::apps
