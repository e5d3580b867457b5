#include "candid/models/fetch.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <thread>

#include "candid/base/hash.h"

namespace candid::models {
namespace {

constexpr long kMaxRedirects = 8;
constexpr long kSlowBytesPerSecond = 1024;

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

Handle MakeHandle() {
  // Once a process, before any thread of ours uses curl.
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  return {ready == CURLE_OK ? curl_easy_init() : nullptr, curl_easy_cleanup};
}

std::string PartFile(const Download& download) { return download.target.string() + ".part"; }

// One answer on its way to the file.
struct Transfer {
  CURL* curl = nullptr;
  int file = -1;
  std::uint64_t have = 0;
  std::uint64_t most = 0;
  bool started = false;
  bool too_long = false;
  bool disk_failed = false;
  const FetchProgress* progress = nullptr;
};

// Before an answer's first byte is kept: a server that does not resume begins again.
bool Start(Transfer* transfer) {
  transfer->started = true;
  long status = 0;
  curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
  if (status != 206) transfer->have = 0;
  curl_off_t announced = -1;
  curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
  if (announced >= 0 && static_cast<std::uint64_t>(announced) > transfer->most - transfer->have) {
    transfer->too_long = true;
    return false;
  }
  transfer->disk_failed = ::ftruncate(transfer->file, static_cast<off_t>(transfer->have)) != 0 ||
                          ::lseek(transfer->file, 0, SEEK_END) < 0;
  return !transfer->disk_failed;
}

std::size_t Receive(const char* data, std::size_t, std::size_t size, void* context) {
  auto* transfer = static_cast<Transfer*>(context);
  if (!transfer->started && !Start(transfer)) return 0;
  if (size > transfer->most - transfer->have) {
    transfer->too_long = true;
    return 0;
  }
  for (std::size_t written = 0; written < size;) {
    const ssize_t count = ::write(transfer->file, data + written, size - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      transfer->disk_failed = true;
      return 0;
    }
    written += static_cast<std::size_t>(count);
  }
  transfer->have += size;
  if (*transfer->progress) (*transfer->progress)(transfer->have, transfer->most);
  return size;
}

void Configure(CURL* curl, const Download& download, const FetchOptions& options,
               Transfer* transfer) {
  const char* protocols = options.allow_http ? "http,https" : "https";
  curl_easy_setopt(curl, CURLOPT_URL, download.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, kMaxRedirects);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "candid");
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
                   static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, kSlowBytesPerSecond);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Receive);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
  const std::string range = fmt::format("{}-", transfer->have);
  if (transfer->have > 0) curl_easy_setopt(curl, CURLOPT_RANGE, range.c_str());
}

bool MayPass(CURLcode code) {
  return code == CURLE_PARTIAL_FILE || code == CURLE_OPERATION_TIMEDOUT ||
         code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING || code == CURLE_COULDNT_CONNECT ||
         code == CURLE_SEND_ERROR || code == CURLE_HTTP2_STREAM ||
         code == CURLE_COULDNT_RESOLVE_HOST;
}

enum class Attempt { kWhole, kAgain };

// One request. kAgain: what broke it may pass; `why` says what it was.
Result<Attempt> Try(const Download& download, const FetchOptions& options,
                    const FetchProgress& progress, std::string* why) {
  const std::string part = PartFile(download);
  Transfer transfer;
  transfer.most = download.bytes;
  transfer.progress = &progress;
  transfer.file = ::open(part.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  const auto closer = std::unique_ptr<int, void (*)(int*)>(&transfer.file, [](int* file) {
    if (*file >= 0) ::close(*file);
  });
  const auto disk_error = [&] {
    return Fail(Code::kIo, fmt::format("cannot write {}: {}", part, std::strerror(errno)));
  };
  if (transfer.file < 0) return disk_error();
  const off_t kept = ::lseek(transfer.file, 0, SEEK_END);
  if (kept < 0) return disk_error();
  transfer.have = static_cast<std::uint64_t>(kept);
  if (transfer.have >= download.bytes) return Attempt::kWhole;

  const Handle curl = MakeHandle();
  if (!curl) return Fail(Code::kInternal, "libcurl does not start");
  transfer.curl = curl.get();
  Configure(curl.get(), download, options, &transfer);
  const CURLcode code = curl_easy_perform(curl.get());
  if (transfer.disk_failed) return disk_error();
  const char* type = nullptr;
  curl_easy_getinfo(curl.get(), CURLINFO_CONTENT_TYPE, &type);
  const auto what = [&] { return type == nullptr ? "" : fmt::format(" of type {}", type); };
  if (transfer.too_long) {
    ::unlink(part.c_str());
    return Fail(Code::kTooLarge,
                fmt::format("{} sends more than the {} bytes{} that the manifest states; nothing "
                            "of it is kept",
                            download.url, download.bytes, what()));
  }
  if (code == CURLE_OK && transfer.have < download.bytes) {
    ::unlink(part.c_str());
    return Fail(Code::kCorrupt,
                fmt::format("{} sends {} bytes{} where the manifest states {}; nothing of it is "
                            "kept",
                            download.url, transfer.have, what(), download.bytes));
  }
  if (code == CURLE_OK) {
    if (::fsync(transfer.file) != 0) return disk_error();
    return Attempt::kWhole;
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  *why = code == CURLE_HTTP_RETURNED_ERROR ? fmt::format("HTTP status {}", status)
                                           : curl_easy_strerror(code);
  if (MayPass(code) || status == 429 || status >= 500) return Attempt::kAgain;
  return Fail(Code::kUnavailable, fmt::format("cannot download {}: {}", download.url, *why));
}

Status MoveIntoPlace(const Download& download) {
  const std::string part = PartFile(download);
  CANDID_ASSIGN(const std::string found, Sha256HexOfFile(part));
  if (found != download.sha256) {
    ::unlink(part.c_str());
    return Fail(Code::kCorrupt,
                fmt::format("{} sends another file: sha256 {} where the manifest states {}; "
                            "nothing of it is kept",
                            download.url, found, download.sha256));
  }
  std::error_code failure;
  std::filesystem::rename(part, download.target, failure);
  if (!failure) return {};
  return Fail(Code::kIo, fmt::format("cannot rename {}: {}", part, failure.message()));
}

}  // namespace

Status Fetch(const Download& download, const FetchOptions& options, const FetchProgress& progress) {
  std::string why;
  for (int attempt = 0; attempt < options.attempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(options.pause);
    CANDID_ASSIGN(const Attempt ended, Try(download, options, progress, &why));
    if (ended == Attempt::kWhole) return MoveIntoPlace(download);
  }
  return Fail(Code::kUnavailable,
              fmt::format("cannot download {}: {} ({} attempts); what has come is kept, the same "
                          "command carries on",
                          download.url, why, options.attempts));
}

}  // namespace candid::models
