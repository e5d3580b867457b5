// Fetch: one file over HTTPS, known beforehand by its size and sha256.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "candid/base/result.h"

namespace candid::models {

struct Download {
  std::string url;
  std::filesystem::path target;
  std::uint64_t bytes = 0;
  std::string sha256;
};

struct FetchOptions {
  bool allow_http = false;  // for tests; else every address, redirected or not, is https://
  std::chrono::seconds connect_timeout{20};
  std::chrono::seconds stall_timeout{30};  // less than 1 KiB/s for so long ends an attempt
  std::chrono::milliseconds pause{1000};   // between attempts
  int attempts = 5;
};

// Called as bytes arrive.
using FetchProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Puts the file at `target` once it is whole. What has come lies at `target`.part until then and is
// carried on by the next attempt or the next call, where the server allows it. Never takes more
// than `bytes` from a server. kUnavailable: the server cannot be reached, refuses or breaks off;
// kCorrupt: it sends something else, of which nothing is kept; kTooLarge: it sends more.
// Proxies as curl takes them from the environment.
Status Fetch(const Download& download, const FetchOptions& options = {},
             const FetchProgress& progress = {});

}  // namespace candid::models
