// candid keys create | list | env

#include <boost/json.hpp>
#include <cstdio>

#include "apps/command.h"
#include "apps/keys.h"
#include "apps/terminal.h"

namespace candid::apps {
namespace {

Status Create(const Context& context, bool if_none) {
  if (if_none) {
    CANDID_ASSIGN(const auto keys, ReadKeys(context.state));
    if (!keys.empty()) return {};
  }
  CANDID_ASSIGN(const AccessKey key, CreateKey(context.state));
  if (context.json) {
    std::puts(boost::json::serialize(boost::json::object{{"id", key.id}, {"secret", key.secret}})
                  .c_str());
  } else {
    std::printf("%s\n", key.id.c_str());
  }
  return {};
}

Status List(const Context& context) {
  CANDID_ASSIGN(const auto keys, ReadKeys(context.state));
  boost::json::array ids;
  std::vector<Row> rows;
  for (const AccessKey& key : keys) {
    ids.emplace_back(key.id);
    rows.push_back({key.id});
  }
  if (context.json) {
    std::puts(boost::json::serialize(boost::json::object{{"keys", ids}}).c_str());
  } else {
    std::fputs(FormatTable({"access key id"}, rows).c_str(), stdout);
  }
  return {};
}

Status PrintExports(const Context& context) {
  CANDID_ASSIGN(const auto keys, ReadKeys(context.state));
  if (keys.empty()) return Fail(Code::kNotFound, "no key yet; candid keys create makes one");
  std::printf("export AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\n",
              keys.front().id.c_str(), keys.front().secret.c_str());
  return {};
}

}  // namespace

void AddKeys(CLI::App* app, Context* context) {
  CLI::App* keys = app->add_subcommand("keys", "Who may call the server");
  keys->require_subcommand(1);
  keys->footer(
      "\nA new key is known to the server after its next start.\nExamples:\n  candid keys create\n"
      "  candid keys create --json   # with the secret\n  eval \"$(candid keys env)\"\n");
  CLI::App* create = keys->add_subcommand("create", "Make a key and print its id");
  auto if_none = std::make_shared<bool>(false);
  create->add_flag("--if-none", *if_none, "Only where there is no key yet");
  Run(create, context, [context, if_none] { return Create(*context, *if_none); });
  Run(keys->add_subcommand("list", "The ids of all keys"), context,
      [context] { return List(*context); });
  Run(keys->add_subcommand("env", "Shell exports of the first key, secret included"), context,
      [context] { return PrintExports(*context); });
}

}  // namespace candid::apps
