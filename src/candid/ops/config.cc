#include "candid/ops/config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <set>
#include <sstream>
#include <variant>
#include <vector>

#include "candid/base/bytes.h"
#include "candid/base/files.h"

namespace candid::ops {
namespace {

constexpr std::uint64_t kMaxFileBytes = 1u << 20;

using Target =
    std::variant<std::int64_t*, std::uint16_t*, std::string*, bool*, std::filesystem::path*>;

struct Setting {
  std::string_view table;
  std::string_view key;
  Target target;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::vector<std::string_view> choices = {};
};

std::vector<Setting> SettingsOf(Config& c) {
  constexpr std::int64_t kDay = 86'400;
  return {
      {"server", "address", &c.address},
      {"server", "port", &c.port, 0, 65'535},
      {"server", "workers", &c.workers, 0, 1024},
      {"server", "queue_limit", &c.queue_limit, 1, 100'000},
      {"server", "max_wait_ms", &c.max_wait_ms, 1, 1000 * kDay},
      {"server", "max_requests_per_connection", &c.max_requests_per_connection, 1, 1'000'000'000},
      {"server", "max_connections", &c.max_connections, 1, 1'000'000},
      {"server", "max_connections_per_address", &c.max_connections_per_address, 1, 1'000'000},
      {"server", "max_body_mib", &c.max_body_mib, 1, 1024},
      {"server", "max_body_in_flight_mib", &c.max_body_in_flight_mib, 1, 1'048'576},
      {"server", "header_timeout_s", &c.header_timeout_s, 1, kDay},
      {"server", "body_timeout_s", &c.body_timeout_s, 1, kDay},
      {"server", "idle_timeout_s", &c.idle_timeout_s, 1, kDay},
      {"server", "write_timeout_s", &c.write_timeout_s, 1, kDay},
      {"server", "drain_timeout_s", &c.drain_timeout_s, 1, kDay},
      {"server", "tls_certificate", &c.tls_certificate},
      {"server", "tls_key", &c.tls_key},
      {"server", "tls_self_signed", &c.tls_self_signed},
      {"server", "cors_origins", &c.cors_origins},
      {"api", "region", &c.region},
      {"api", "account_id", &c.account_id},
      {"api", "accept_unsigned_requests", &c.accept_unsigned_requests},
      {"api", "match_ages_the_model_cannot_tell_apart", &c.match_ages_the_model_cannot_tell_apart},
      {"api", "max_collections", &c.max_collections, 1, 1'000'000},
      {"api", "max_faces_per_collection", &c.max_faces_per_collection, 1, 1'000'000'000},
      {"api", "max_users_per_collection", &c.max_users_per_collection, 1, 1'000'000'000},
      {"objects", "folders", &c.objects_folders},
      {"objects", "endpoint", &c.objects_endpoint},
      {"objects", "region", &c.objects_region},
      {"objects", "access_key_id", &c.objects_access_key_id},
      {"objects", "secret_access_key", &c.objects_secret_access_key},
      {"objects", "path_style", &c.objects_path_style},
      {"objects", "accept_plain_http", &c.objects_accept_plain_http},
      {"objects", "ca_file", &c.objects_ca_file},
      {"objects", "connect_timeout_s", &c.objects_connect_timeout_s, 1, 60},
      {"objects", "timeout_s", &c.objects_timeout_s, 1, 600},
      {"objects", "max_reads", &c.objects_max_reads, 0, 1024},
      {"audit", "addresses", &c.audit_addresses},
      {"state", "dir", &c.state_dir},
      {"log", "format", &c.log_format, 0, 0, {"text", "json"}},
      {"log", "level", &c.log_level, 0, 0, {"debug", "info", "warning", "error"}},
  };
}

std::string NameOf(const Setting& setting) {
  return fmt::format("[{}] {}", setting.table, setting.key);
}

std::string VariableOf(const Setting& setting) {
  std::string name = fmt::format("CANDID_{}_{}", setting.table, setting.key);
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

tl::unexpected<Error> Bad(const std::string& where, std::string_view must) {
  return Fail(Code::kInvalidArgument, where + " must be " + std::string(must));
}

Status AssignNumber(const Setting& setting, std::int64_t value, const std::string& where) {
  if (value < setting.min || value > setting.max) {
    return Bad(where, "from " + std::to_string(setting.min) + " to " + std::to_string(setting.max));
  }
  if (auto* wide = std::get_if<std::int64_t*>(&setting.target)) **wide = value;
  if (auto* narrow = std::get_if<std::uint16_t*>(&setting.target)) {
    **narrow = static_cast<std::uint16_t>(value);
  }
  return {};
}

Status AssignText(const Setting& setting, const std::string& value, const std::string& where) {
  std::string choices;
  bool chosen = setting.choices.empty();
  for (const std::string_view choice : setting.choices) {
    if (!choices.empty()) choices += " or ";
    choices += choice;
    chosen = chosen || choice == value;
  }
  if (!chosen) return Bad(where, choices);
  if (value.empty()) return Bad(where, "not empty");
  if (auto* text = std::get_if<std::string*>(&setting.target)) **text = value;
  if (auto* path = std::get_if<std::filesystem::path*>(&setting.target)) **path = value;
  return {};
}

bool IsNumber(const Setting& setting) {
  return std::holds_alternative<std::int64_t*>(setting.target) ||
         std::holds_alternative<std::uint16_t*>(setting.target);
}

Status AssignNode(const Setting& setting, const toml::node& node, const std::string& where) {
  if (IsNumber(setting)) {
    const auto value = node.value_exact<std::int64_t>();
    if (!value) return Bad(where, "a whole number");
    return AssignNumber(setting, *value, where);
  }
  if (auto* flag = std::get_if<bool*>(&setting.target)) {
    const auto value = node.value_exact<bool>();
    if (!value) return Bad(where, "true or false");
    **flag = *value;
    return {};
  }
  const auto value = node.value_exact<std::string>();
  if (!value) return Bad(where, "text in quotes");
  return AssignText(setting, *value, where);
}

Status AssignVariable(const Setting& setting, const std::string& value, const std::string& where) {
  if (IsNumber(setting)) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size()) {
      return Bad(where, "a whole number");
    }
    return AssignNumber(setting, number, where);
  }
  if (auto* flag = std::get_if<bool*>(&setting.target)) {
    if (value != "true" && value != "false") return Bad(where, "true or false");
    **flag = value == "true";
    return {};
  }
  return AssignText(setting, value, where);
}

// As browsers send it: scheme, host and port, nothing behind. Another spelling would match nothing.
bool IsOrigin(std::string_view text) {
  if (text == "*") return true;
  const std::size_t host_at = text.starts_with("https://")  ? 8
                              : text.starts_with("http://") ? 7
                                                            : text.size();
  const std::string_view host = text.substr(host_at);
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':' ||
           c == '[' || c == ']';
  });
}

// What no setting can see on its own.
Status CheckTogether(const Config& config) {
  if (config.tls_certificate.empty() != config.tls_key.empty()) {
    return Fail(Code::kInvalidArgument,
                "[server] tls_certificate and [server] tls_key are set both or not at all");
  }
  if (config.tls_self_signed && !config.tls_certificate.empty()) {
    return Fail(Code::kInvalidArgument,
                "[server] tls_self_signed and [server] tls_certificate: choose one");
  }
  std::istringstream origins(config.cors_origins);
  for (std::string origin; origins >> origin;) {
    if (!IsOrigin(origin)) {
      return Bad("[server] cors_origins",
                 "origins separated by spaces, such as "
                 "\"https://door.example\", or \"*\"; not '" +
                     origin + "'");
    }
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (config.account_id.size() != 12 || !std::ranges::all_of(config.account_id, is_digit)) {
    return Bad("[api] account_id", "12 digits");
  }
  return {};
}

std::string PlaceOf(const std::string& origin, const toml::node& node) {
  return origin + ":" + std::to_string(node.source().begin.line) + ": ";
}

Status ApplyFile(const toml::table& root, const std::string& origin,
                 const std::vector<Setting>& settings) {
  for (const auto& [table_name, table_node] : root) {
    const std::string place = PlaceOf(origin, table_node);
    const toml::table* table = table_node.as_table();
    bool known = false;
    for (const Setting& setting : settings) known = known || setting.table == table_name.str();
    if (!known || table == nullptr) {
      return Fail(Code::kInvalidArgument,
                  place + "unknown key '" + std::string(table_name.str()) + "'");
    }
    for (const auto& [key, node] : *table) {
      const Setting* found = nullptr;
      for (const Setting& setting : settings) {
        if (setting.table == table_name.str() && setting.key == key.str()) found = &setting;
      }
      if (found == nullptr) {
        return Fail(Code::kInvalidArgument, PlaceOf(origin, node) + "unknown key '" +
                                                std::string(key.str()) + "' in [" +
                                                std::string(table_name.str()) + "]");
      }
      CANDID_TRY(AssignNode(*found, node, PlaceOf(origin, node) + NameOf(*found)));
    }
  }
  return {};
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

Result<Config> ParseConfig(std::string_view text, const std::string& origin,
                           const Environment& environment) {
  Config config;
  const auto settings = SettingsOf(config);
  try {
    CANDID_TRY(ApplyFile(toml::parse(text), origin, settings));
  } catch (const toml::parse_error& error) {
    return Fail(Code::kInvalidArgument, origin + ":" + std::to_string(error.source().begin.line) +
                                            ": " + std::string(error.description()));
  }
  for (const Setting& setting : settings) {
    const std::string variable = VariableOf(setting);
    if (const auto value = environment(variable)) {
      CANDID_TRY(AssignVariable(setting, *value, "environment variable " + variable));
    }
  }
  CANDID_TRY(CheckTogether(config));
  return config;
}

Result<Config> LoadConfig(const std::filesystem::path& path, const Environment& environment) {
  if (path.empty()) return ParseConfig("", "configuration", environment);
  CANDID_ASSIGN(const Bytes bytes, ReadFile(path, kMaxFileBytes));
  return ParseConfig(AsText(bytes), path.string(), environment);
}

}  // namespace candid::ops
