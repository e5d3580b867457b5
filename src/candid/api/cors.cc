#include "candid/api/cors.h"

#include <algorithm>
#include <sstream>

namespace candid::api {
namespace {

// What the SDKs send beyond what a browser always may.
constexpr char kPlainHeaders[] = "authorization";
constexpr std::string_view kHeaderPrefixes[] = {"x-amz-", "amz-sdk-"};
constexpr char kSeen[] = "x-amzn-RequestId, x-amzn-ErrorType, Date";
constexpr char kMaxAge[] = "600";

bool IsAllowedHeader(std::string_view name) {
  return name == kPlainHeaders || name == "content-type" ||
         std::ranges::any_of(kHeaderPrefixes, [&](std::string_view prefix) {
           return name.size() > prefix.size() && name.starts_with(prefix);
         });
}

// Those of the headers asked for that may be sent; browsers ask in lower case.
std::string AllowedHeaders(const std::string& asked) {
  std::string allowed;
  std::string name;
  const auto take = [&] {
    if (IsAllowedHeader(name)) allowed += (allowed.empty() ? "" : ", ") + name;
    name.clear();
  };
  for (const char c : asked) {
    if (c == ',') {
      take();
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-') {
      name += c;
    } else if (c != ' ' && c != '\t') {
      name += '?';  // no header's name: never allowed
    }
  }
  take();
  return allowed;
}

}  // namespace

Cors::Cors(std::string_view origins) {
  std::istringstream words{std::string(origins)};
  for (std::string word; words >> word;) origins_.push_back(word);
}

const std::string* Cors::OriginOf(const net::Request& request) const {
  if (origins_.empty()) return nullptr;
  const std::string* origin = request.Find("origin");
  if (origin == nullptr) return nullptr;
  const bool ours = std::ranges::any_of(
      origins_, [&](const std::string& one) { return one == "*" || one == *origin; });
  return ours ? origin : nullptr;
}

std::optional<net::Response> Cors::Preflight(const net::Request& request) const {
  if (request.method != "OPTIONS") return std::nullopt;
  const std::string* method = request.Find("access-control-request-method");
  if (method == nullptr || *method != "POST" || OriginOf(request) == nullptr) return std::nullopt;
  net::Response response;
  response.status = 200;
  response.content_type = "text/plain";
  response.headers = {{"Access-Control-Allow-Methods", "POST"},
                      {"Access-Control-Max-Age", kMaxAge}};
  if (const std::string* asked = request.Find("access-control-request-headers")) {
    response.headers.push_back({"Access-Control-Allow-Headers", AllowedHeaders(*asked)});
  }
  Allow(request, &response);
  return response;
}

void Cors::Allow(const net::Request& request, net::Response* response) const {
  if (origins_.empty()) return;
  response->headers.push_back({"Vary", "Origin"});
  const std::string* origin = OriginOf(request);
  if (origin == nullptr) return;
  response->headers.push_back({"Access-Control-Allow-Origin", *origin});
  response->headers.push_back({"Access-Control-Expose-Headers", kSeen});
}

}  // namespace candid::api
