// Configuration: a TOML file, then CANDID_* variables of the environment, checked before anything
// starts. A key nobody knows is refused by name and line: a misspelt limit must not be no limit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "candid/base/result.h"

namespace candid::ops {

struct Config {
  // [server]
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  std::int64_t workers = 0;  // threads that look at pictures; 0: as many as there are usable cores
  std::int64_t queue_limit = 64;
  std::int64_t max_wait_ms = 5000;
  std::int64_t max_requests_per_connection = 1000;
  std::int64_t max_connections = 4096;
  std::int64_t max_connections_per_address = 2048;
  std::int64_t max_body_mib = 16;
  std::int64_t max_body_in_flight_mib = 512;
  std::int64_t header_timeout_s = 10;
  std::int64_t body_timeout_s = 60;
  std::int64_t idle_timeout_s = 75;
  std::int64_t write_timeout_s = 30;
  std::int64_t drain_timeout_s = 10;
  std::filesystem::path tls_certificate;  // PEM, with its chain; empty: plain HTTP
  std::filesystem::path tls_key;          // PEM; empty exactly where the other is
  bool tls_self_signed = false;           // a certificate of our own making instead
  std::string cors_origins;  // browser pages that may call, separated by spaces; empty: none

  // [api]
  std::string region = "us-east-1";         // of ARNs where a request carries no signature
  std::string account_id = "000000000000";  // of ARNs; 12 digits
  bool accept_unsigned_requests = false;
  // Faces of ages that the pack's calibration declines are matched like others.
  bool match_ages_the_model_cannot_tell_apart = false;
  std::int64_t max_collections = 100'000;
  std::int64_t max_faces_per_collection = 20'000'000;
  std::int64_t max_users_per_collection = 10'000'000;

  // [objects], where pictures lie that requests name (S3Object)
  std::string objects_folders;   // "bucket=folder, bucket=folder"; objects are files below
  std::string objects_endpoint;  // of all other buckets: https://HOST[:PORT]; empty: none
  std::string objects_region = "us-east-1";
  std::string objects_access_key_id;  // empty, with the secret: unsigned
  std::string objects_secret_access_key;
  bool objects_path_style = true;          // false: the bucket is part of the host's name
  bool objects_accept_plain_http = false;  // http:// to other machines
  std::filesystem::path objects_ca_file;   // PEM; empty: the system's
  std::int64_t objects_connect_timeout_s = 3;
  std::int64_t objects_timeout_s = 10;  // for the whole of one object
  std::int64_t objects_max_reads = 0;   // at once; 0: one less than workers, at least 1

  // [audit]
  bool audit_addresses = false;  // whether the trail keeps callers' addresses

  // [state]
  std::filesystem::path state_dir = "state";

  // [log]
  std::string log_format = "text";  // text or json
  std::string log_level = "info";   // debug, info, warning or error
};

// The value of an environment variable, or nothing.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment ProcessEnvironment();

// `text` as TOML over the defaults, then the environment (CANDID_SERVER_PORT is [server] port).
// `origin` names the text in messages. kInvalidArgument names line, key and what it may hold.
Result<Config> ParseConfig(std::string_view text, const std::string& origin,
                           const Environment& environment);

// The file's; with an empty path the defaults and the environment alone.
Result<Config> LoadConfig(const std::filesystem::path& path, const Environment& environment);

}  // namespace candid::ops
