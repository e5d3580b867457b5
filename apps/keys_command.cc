// candid keys create | list | policy | rotate | revoke | session | env | enable | disable

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "apps/command.h"
#include "apps/duration.h"
#include "apps/terminal.h"
#include "candid/collections/access_keys.h"

namespace candid::apps {
namespace {

using collections::AccessKey;
using collections::AccessKeys;
using collections::NewAccessKey;
using collections::Policy;

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

// A running server takes over what is changed within a second.
Result<OpenKeys> OpenToChange(const Context& context) {
  return Open(context, store::Access::kBeside);
}

// What may be said of a key on the command line.
struct Wishes {
  std::vector<std::string> actions;
  std::vector<std::string> collections;
  bool read_only = false;
  double rate = 0;
  double burst = 0;
  std::string expires;
};

void AddWishes(CLI::App* command, Wishes* wishes, bool whole) {
  command
      ->add_option("--allow", wishes->actions,
                   "Operations, * for any letters: 'Search*,DetectFaces'; all where left out")
      ->delimiter(',');
  command
      ->add_option("--collections", wishes->collections,
                   "Collections, * for any characters: 'door-*'; all where left out")
      ->delimiter(',');
  command->add_flag("--read-only", wishes->read_only, "Nothing that changes anything");
  if (!whole) return;
  command->add_option("--rate", wishes->rate, "Requests a second");
  command->add_option("--burst", wishes->burst, "Requests at once; the rate where left out");
  command->add_option("--expires", wishes->expires,
                      "From now, as 30d or 12h; never where left out");
}

Policy PolicyOf(const Wishes& wishes) {
  Policy policy{wishes.actions, wishes.collections, wishes.read_only, wishes.rate, wishes.burst};
  if (policy.burst == 0 && policy.rate != 0) policy.burst = std::max(1.0, policy.rate);
  return policy;
}

Result<std::optional<store::Time>> ExpiryOf(const Wishes& wishes) {
  if (wishes.expires.empty()) return std::nullopt;
  CANDID_ASSIGN(const auto length, ParseDuration("--expires", wishes.expires));
  return SystemClock().Now() + length;
}

// Looks before it locks, so that ./up may ask while the server runs.
Result<bool> HasKey(const Context& context) {
  const auto store = store::Store::Open(context.state, {.access = store::Access::kRead});
  if (!store && store.error().code() == Code::kNotFound) return false;
  if (!store) return Fail(store.error());
  CANDID_ASSIGN(const auto keys, (*store)->ListKeys());
  return !keys.empty();
}

void Print(const Context& context, const NewAccessKey& key) {
  if (context.json) {
    std::puts(boost::json::serialize(boost::json::object{{"id", key.id}, {"secret", key.secret}})
                  .c_str());
  } else {
    std::printf("%s\n", key.id.c_str());
  }
}

Status Create(const Context& context, bool if_none, const std::string& note, const Wishes& wishes) {
  if (if_none) {
    CANDID_ASSIGN(const bool there, HasKey(context));
    if (there) return {};
  }
  CANDID_ASSIGN(const auto expires, ExpiryOf(wishes));
  CANDID_ASSIGN(const auto open, OpenToChange(context));
  CANDID_ASSIGN(const auto key, open.keys->Create(note, PolicyOf(wishes), expires));
  Print(context, key);
  return {};
}

std::string StateOf(const AccessKey& key) {
  if (key.revoked) return "revoked";
  if (!key.enabled) return "disabled";
  if (key.expires && *key.expires <= SystemClock().Now()) return "expired";
  return "enabled";
}

std::string Describe(const Policy& policy) {
  std::string text =
      policy.actions.empty() ? "all" : fmt::format("{}", fmt::join(policy.actions, ","));
  if (policy.read_only) text += ", read only";
  if (!policy.collections.empty()) {
    text += fmt::format(", of {}", fmt::join(policy.collections, ","));
  }
  if (policy.rate != 0) text += fmt::format(", {}/s burst {}", policy.rate, policy.burst);
  return text;
}

Status List(const Context& context) {
  CANDID_ASSIGN(const auto store,
                store::Store::Open(context.state, {.access = store::Access::kRead}));
  CANDID_ASSIGN(const auto keys, store->ListKeys());
  boost::json::array list;
  std::vector<Row> rows;
  for (const AccessKey& key : keys) {
    boost::json::object json{{"id", key.id},
                             {"created", FormatTime(key.created)},
                             {"enabled", key.enabled},
                             {"state", StateOf(key)},
                             {"note", key.note},
                             {"allow", boost::json::value_from(key.policy.actions)},
                             {"collections", boost::json::value_from(key.policy.collections)},
                             {"read_only", key.policy.read_only},
                             {"rate", key.policy.rate},
                             {"burst", key.policy.burst},
                             {"expires", boost::json::value()}};
    if (key.expires) json["expires"] = FormatTime(*key.expires);
    list.push_back(std::move(json));
    rows.push_back({key.id, FormatTime(key.created), StateOf(key), key.note, Describe(key.policy),
                    key.expires ? FormatTime(*key.expires) : "never"});
  }
  if (context.json) {
    std::puts(boost::json::serialize(boost::json::object{{"keys", list}}).c_str());
  } else {
    std::fputs(
        FormatTable({"access key id", "created", "state", "note", "may", "expires"}, rows).c_str(),
        stdout);
  }
  return {};
}

Status SetPolicy(const Context& context, const std::string& id, const Wishes& wishes) {
  CANDID_ASSIGN(const auto expires, ExpiryOf(wishes));
  CANDID_ASSIGN(const auto open, OpenToChange(context));
  return open.keys->SetPolicy(id, PolicyOf(wishes), expires);
}

Status Rotate(const Context& context, const std::string& id, const std::string& overlap) {
  CANDID_ASSIGN(const auto length, ParseDuration("--overlap", overlap));
  CANDID_ASSIGN(const auto open, OpenToChange(context));
  CANDID_ASSIGN(const auto key, open.keys->Rotate(id, length));
  Print(context, key);
  std::fprintf(stderr, "candid: %s opens nothing from %s on\n", id.c_str(),
               FormatTime(SystemClock().Now() + length).c_str());
  return {};
}

// JSON as the AWS tools' credential_process takes it.
Status Session(const Context& context, const std::string& id, std::int64_t minutes,
               const Wishes& wishes) {
  CANDID_ASSIGN(const auto open, OpenToChange(context));
  CANDID_ASSIGN(const auto session,
                open.keys->NewSession(id, std::chrono::minutes(minutes), PolicyOf(wishes)));
  if (context.json) {
    std::puts(
        boost::json::serialize(boost::json::object{{"Version", 1},
                                                   {"AccessKeyId", session.id},
                                                   {"SecretAccessKey", session.secret},
                                                   {"SessionToken", session.token},
                                                   {"Expiration", FormatTime(session.expires)}})
            .c_str());
  } else {
    std::printf(
        "export AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\n"
        "export AWS_SESSION_TOKEN=%s\n# until %s\n",
        session.id.c_str(), session.secret.c_str(), session.token.c_str(),
        FormatTime(session.expires).c_str());
  }
  return {};
}

// Of the key `id`, or of the first enabled one where it is empty.
Status PrintExports(const Context& context, const std::string& id) {
  CANDID_ASSIGN(const auto open, Open(context, store::Access::kRead));
  CANDID_ASSIGN(const auto keys, open.keys->List());
  const auto key = std::ranges::find_if(keys, [&id](const AccessKey& one) {
    return id.empty() ? StateOf(one) == "enabled" : one.id == id;
  });
  if (key == keys.end()) {
    return Fail(Code::kNotFound,
                id.empty() ? "there is no enabled key; candid keys create makes one"
                           : fmt::format("there is no key {}; candid keys list has all", id));
  }
  if (const std::string state = StateOf(*key); state != "enabled") {
    return Fail(Code::kConflict, fmt::format("the key {} is {}", id, state));
  }
  CANDID_ASSIGN(const auto secret, open.keys->Secret(key->id));
  if (context.json) {
    Print(context, {key->id, secret});
  } else {
    std::printf("export AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\n", key->id.c_str(),
                secret.c_str());
  }
  return {};
}

}  // namespace

void AddKeys(CLI::App* app, Context* context) {
  CLI::App* group = app->add_subcommand("keys", "Who may call the server, and what");
  group->require_subcommand(1);
  group->footer(
      "\nAll of it works beside a running server, which knows of a change within a second.\n"
      "Examples:\n  candid keys create --note 'front door'\n"
      "  candid keys create --json --allow 'Search*' --collections 'door-*' --rate 5\n"
      "  candid keys rotate AKCANDID... --overlap 24h\n  candid keys revoke AKCANDID...\n"
      "  eval \"$(candid keys session AKCANDID... --minutes 60 --read-only)\"\n"
      "  eval \"$(candid keys env AKCANDID...)\"\n");
  CLI::App* create =
      group->add_subcommand("create", "Make a key and print its id (env has its secret)");
  auto if_none = std::make_shared<bool>(false);
  auto note = std::make_shared<std::string>();
  auto wishes = std::make_shared<Wishes>();
  create->add_flag("--if-none", *if_none, "Only where there is no key yet");
  create->add_option("--note", *note, "What it is for");
  AddWishes(create, wishes.get(), true);
  Run(create, context,
      [context, if_none, note, wishes] { return Create(*context, *if_none, *note, *wishes); });
  Run(group->add_subcommand("list", "All keys, without secrets"), context,
      [context] { return List(*context); });
  auto id = std::make_shared<std::string>();
  CLI::App* env = group->add_subcommand("env", "Shell exports of a key, secret included");
  env->add_option("id", *id, "Access key id; the first enabled key where left out");
  Run(env, context, [context, id] { return PrintExports(*context, *id); });
  const auto add = [&](const char* name, const char* text) {
    CLI::App* command = group->add_subcommand(name, text);
    command->add_option("id", *id, "Access key id")->required();
    return command;
  };
  CLI::App* policy = add("policy", "What a key may do, from now on and as a whole");
  AddWishes(policy, wishes.get(), true);
  Run(policy, context, [context, id, wishes] { return SetPolicy(*context, *id, *wishes); });
  CLI::App* rotate = add("rotate", "Make a key that may do the same, and let the old one expire");
  auto overlap = std::make_shared<std::string>("24h");
  rotate->add_option("--overlap", *overlap, "How long the old one is good yet")
      ->capture_default_str();
  Run(rotate, context, [context, id, overlap] { return Rotate(*context, *id, *overlap); });
  CLI::App* session = add(
      "session", "Temporary credentials of a key: shell exports, or JSON for credential_process");
  auto minutes = std::make_shared<std::int64_t>(60);
  session->add_option("--minutes", *minutes, "How long they are good, 1 to 2160")
      ->capture_default_str();
  AddWishes(session, wishes.get(), false);
  Run(session, context,
      [context, id, minutes, wishes] { return Session(*context, *id, *minutes, *wishes); });
  const auto change = [&](const char* name, const char* text,
                          std::function<Status(AccessKeys&, const std::string&)> how) {
    Run(add(name, text), context, [context, id, how = std::move(how)]() -> Status {
      CANDID_ASSIGN(const auto open, OpenToChange(*context));
      return how(*open.keys, *id);
    });
  };
  change("enable", "Let a disabled key in again",
         [](AccessKeys& keys, const std::string& key) { return keys.SetEnabled(key, true); });
  change("disable", "Let a key in no more, and keep it",
         [](AccessKeys& keys, const std::string& key) { return keys.SetEnabled(key, false); });
  change("revoke", "Let a key and its sessions in no more, for ever",
         [](AccessKeys& keys, const std::string& key) { return keys.Revoke(key); });
}

}  // namespace candid::apps
