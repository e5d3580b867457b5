#include "candid/objects/s3.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <mutex>
#include <utility>

#include "candid/base/sigv4.h"

namespace candid::objects {
namespace {

constexpr std::size_t kMaxHeaderBytes = 64u << 10;
constexpr std::size_t kMaxErrorBytes = 4u << 10;  // of an answer that is no object
constexpr char kEmptyBodySha256[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

struct Endpoint {
  std::string scheme;
  std::string host;  // with its port, where that is not the scheme's own
};

Result<Endpoint> ParseEndpoint(const S3Options& options) {
  const auto bad = [&](std::string_view why) {
    return Fail(Code::kInvalidArgument,
                fmt::format("the object store's endpoint '{}' {}; give it as https://HOST:PORT",
                            options.endpoint, why));
  };
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), curl_url_cleanup);
  if (!url || curl_url_set(url.get(), CURLUPART_URL, options.endpoint.c_str(), 0) != CURLUE_OK) {
    return bad("is no address");
  }
  const auto part = [&](CURLUPart which, unsigned flags = 0) -> std::string {
    char* text = nullptr;
    if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) return {};
    std::string copy(text);
    curl_free(text);
    return copy;
  };
  Endpoint endpoint{part(CURLUPART_SCHEME), part(CURLUPART_HOST)};
  if (endpoint.scheme != "https" && endpoint.scheme != "http") return bad("is not https://");
  if (endpoint.host.empty()) return bad("names no host");
  if (part(CURLUPART_PATH) != "/" || !part(CURLUPART_QUERY).empty() ||
      !part(CURLUPART_USER).empty() || !part(CURLUPART_FRAGMENT).empty()) {
    return bad("has more than a host and a port");
  }
  const auto is_address = [](unsigned char c) { return std::isdigit(c) || c == '.'; };
  const bool here =
      endpoint.host == "localhost" || endpoint.host == "[::1]" ||
      (endpoint.host.starts_with("127.") && std::ranges::all_of(endpoint.host, is_address));
  if (endpoint.scheme == "http" && !here && !options.accept_plain_http) {
    return bad("sends pictures over the network unprotected");
  }
  const std::string port = part(CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
  if (!port.empty()) endpoint.host += ":" + port;
  return endpoint;
}

// One answer as it comes.
struct Transfer {
  CURL* curl = nullptr;
  std::uint64_t max_bytes = 0;
  std::size_t header_bytes = 0;
  Bytes body;
  bool is_object = false;
  bool too_large = false;
};

std::size_t ReceiveHeader(const char*, std::size_t, std::size_t size, void* context) {
  auto* transfer = static_cast<Transfer*>(context);
  transfer->header_bytes += size;
  return transfer->header_bytes > kMaxHeaderBytes ? 0 : size;
}

// Returning less than `size` ends the transfer.
std::size_t ReceiveBody(const char* data, std::size_t, std::size_t size, void* context) {
  auto* transfer = static_cast<Transfer*>(context);
  if (transfer->body.empty()) {
    long status = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    transfer->is_object = status == 200;
    curl_off_t announced = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    if (transfer->is_object && announced > 0) {
      transfer->too_large = std::cmp_greater(announced, transfer->max_bytes);
      if (transfer->too_large) return 0;
      transfer->body.reserve(static_cast<std::size_t>(announced));
    }
  }
  const std::uint64_t most = transfer->is_object ? transfer->max_bytes : kMaxErrorBytes;
  if (size > most - transfer->body.size()) {
    transfer->too_large = transfer->is_object;
    return 0;
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(data);
  transfer->body.insert(transfer->body.end(), bytes, bytes + size);
  return size;
}

bool IsPage(const Transfer& transfer) {
  const char* type = nullptr;
  curl_easy_getinfo(transfer.curl, CURLINFO_CONTENT_TYPE, &type);
  if (type != nullptr && std::string_view(type).starts_with("text/html")) return true;
  std::string_view text =
      AsText(ByteSpan(transfer.body).first(std::min<std::size_t>(transfer.body.size(), 64)));
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text.starts_with("<");  // no picture begins so
}

// " (NoSuchKey)" of an S3 error document; empty for anything else.
std::string ErrorCodeOf(const Bytes& body) {
  const std::string_view text = AsText(body);
  const std::size_t open = text.find("<Code>");
  if (open == std::string_view::npos) return {};
  const std::string_view code = text.substr(open + 6, text.find("</Code>", open) - open - 6);
  const bool plain = !code.empty() && code.size() <= 64 &&
                     std::ranges::all_of(code, [](unsigned char c) { return std::isalnum(c); });
  return plain ? fmt::format(" ({})", code) : std::string();
}

tl::unexpected<Error> StatusFailure(long status, const Bytes& body) {
  const std::string what = fmt::format("the object store answers {}{}", status, ErrorCodeOf(body));
  if (status == 404) return Fail(Code::kNotFound, what);
  if (status == 401 || status == 403) {
    return Fail(Code::kDenied, what + "; check [objects] access_key_id and its rights");
  }
  if (status >= 300 && status < 400) {
    return Fail(Code::kUnavailable,
                what + ", a redirect, which is not followed; check [objects] endpoint and region");
  }
  return Fail(Code::kUnavailable, what);
}

}  // namespace

struct S3::State {
  S3Options options;
  Endpoint endpoint;
  std::mutex mutex;
  std::vector<Handle> idle;  // each with the connections it keeps

  Handle Take() {
    {
      const std::lock_guard guard(mutex);
      if (!idle.empty()) {
        Handle handle = std::move(idle.back());
        idle.pop_back();
        return handle;
      }
    }
    // Once a process, before any thread of ours uses curl.
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    return {ready == CURLE_OK ? curl_easy_init() : nullptr, curl_easy_cleanup};
  }
  void GiveBack(Handle handle) {
    curl_easy_reset(handle.get());  // keeps the connections
    const std::lock_guard guard(mutex);
    idle.push_back(std::move(handle));
  }
  S3Request RequestFor(const ObjectName& name) const;
  void Configure(CURL* curl, const std::string& url, const curl_slist* headers,
                 Transfer* transfer) const;
};

S3Request S3::State::RequestFor(const ObjectName& name) const {
  S3Request request{endpoint.host, "/", ""};
  if (options.path_style) {
    request.path += UriEncoded(name.bucket, false) + "/";
  } else {
    request.host = name.bucket + "." + endpoint.host;
  }
  request.path += UriEncoded(name.key, true);
  if (!name.version.empty()) request.query = "versionId=" + UriEncoded(name.version, false);
  return request;
}

void S3::State::Configure(CURL* curl, const std::string& url, const curl_slist* headers,
                          Transfer* transfer) const {
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);  // what was signed
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, endpoint.scheme.c_str());
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "candid");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
  if (!options.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, ReceiveHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ReceiveBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
}

std::string UriEncoded(std::string_view text, bool keep_slash) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keep_slash);
    if (plain) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
  }
  return encoded;
}

std::vector<std::string> SignS3(const S3Request& request, const S3Options& options) {
  constexpr std::string_view kSigned = "host;x-amz-content-sha256;x-amz-date";
  const std::string date = FormatAmzDate(options.clock->Now());
  const SigV4Scope scope{std::string_view(date).substr(0, 8), options.region, "s3"};
  const std::string canonical = fmt::format(
      "GET\n{}\n{}\nhost:{}\nx-amz-content-sha256:{}\nx-amz-date:{}\n\n{}\n{}", request.path,
      request.query, request.host, kEmptyBodySha256, date, kSigned, kEmptyBodySha256);
  return {fmt::format("x-amz-content-sha256: {}", kEmptyBodySha256),
          fmt::format("x-amz-date: {}", date),
          fmt::format("Authorization: {} Credential={}/{}, SignedHeaders={}, Signature={}",
                      kSigV4Algorithm, options.access_key_id, SigV4ScopeText(scope), kSigned,
                      SigV4Signature(canonical, date, scope, options.secret_access_key))};
}

Result<std::unique_ptr<S3>> S3::Create(S3Options options) {
  if (options.access_key_id.empty() != options.secret_access_key.empty()) {
    return Fail(Code::kInvalidArgument,
                "an access key of the object store is an id and a secret; one of them is missing");
  }
  auto state = std::make_unique<State>();
  CANDID_ASSIGN(state->endpoint, ParseEndpoint(options));
  state->options = std::move(options);
  return std::unique_ptr<S3>(new S3(std::move(state)));
}

S3::S3(std::unique_ptr<State> state) : state_(std::move(state)) {}
S3::~S3() = default;

Result<Bytes> S3::Read(const ObjectName& name, std::uint64_t max_bytes) const {
  CANDID_TRY(CheckKey(name.key));
  const S3Request request = state_->RequestFor(name);
  HeaderList headers(nullptr, curl_slist_free_all);
  if (!state_->options.access_key_id.empty()) {
    for (const std::string& header : SignS3(request, state_->options)) {
      curl_slist* longer = curl_slist_append(headers.get(), header.c_str());
      if (longer == nullptr) return Fail(Code::kInternal, "libcurl has no memory");
      (void)headers.release();
      headers.reset(longer);
    }
  }
  Handle curl = state_->Take();
  if (!curl) return Fail(Code::kInternal, "libcurl does not start");
  Transfer transfer;
  transfer.curl = curl.get();
  transfer.max_bytes = max_bytes;
  const std::string url = state_->endpoint.scheme + "://" + request.host + request.path +
                          (request.query.empty() ? "" : "?" + request.query);
  state_->Configure(curl.get(), url, headers.get(), &transfer);
  const CURLcode code = curl_easy_perform(curl.get());
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  const bool is_page = IsPage(transfer);
  state_->GiveBack(std::move(curl));
  if (transfer.too_large) {
    return Fail(Code::kTooLarge,
                fmt::format("the object is over the limit of {} bytes", max_bytes));
  }
  if (status != 0 && status != 200) return StatusFailure(status, transfer.body);
  if (code != CURLE_OK) {
    return Fail(Code::kUnavailable,
                fmt::format("the object store at {}: {}", request.host, curl_easy_strerror(code)));
  }
  if (is_page) {
    return Fail(Code::kUnavailable,
                fmt::format("what answers at {} sends a page, not an object; is it the object "
                            "store?",
                            request.host));
  }
  return std::move(transfer.body);
}

}  // namespace candid::objects
