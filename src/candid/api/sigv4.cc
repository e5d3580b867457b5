#include "candid/api/sigv4.h"

#include <algorithm>
#include <cstdio>

#include "candid/base/hash.h"
#include "candid/base/sigv4.h"

namespace candid::api {
namespace {

constexpr std::string_view kService = "rekognition";
constexpr std::size_t kMaxSignedHeaders = 64;
constexpr char kMismatch[] =
    "The request signature we calculated does not match the signature you provided. Check your AWS "
    "Secret Access Key and signing method. Consult the service documentation for details.";

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Outer white space away, runs of inner white space to one space.
std::string Squeeze(std::string_view text) {
  std::string squeezed;
  for (const char c : Trim(text)) {
    const bool space = c == ' ' || c == '\t';
    if (space && !squeezed.empty() && squeezed.back() == ' ') continue;
    squeezed.push_back(space ? ' ' : c);
  }
  return squeezed;
}

bool IsDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The query sorted by name and value, as the signing process asks. Clients send none.
std::string CanonicalQuery(std::string_view query) {
  auto pairs = Split(query, '&');
  std::sort(pairs.begin(), pairs.end());
  std::string canonical;
  for (const std::string_view pair : pairs) {
    if (pair.empty()) continue;
    if (!canonical.empty()) canonical.push_back('&');
    canonical.append(pair);
    if (pair.find('=') == std::string_view::npos) canonical.push_back('=');
  }
  return canonical;
}

std::string CanonicalRequest(const net::Request& request, const Authorization& authorization) {
  const std::string_view target = request.target;
  const std::size_t query_at = target.find('?');
  std::string text = request.method;
  text.push_back('\n');
  text.append(target.substr(0, query_at));
  text.push_back('\n');
  if (query_at != std::string_view::npos) text += CanonicalQuery(target.substr(query_at + 1));
  text.push_back('\n');
  for (const std::string_view name : authorization.signed_headers) {
    text.append(name);
    text.push_back(':');
    bool first = true;
    for (const net::Header& header : request.headers) {
      if (!net::SameHeaderName(header.name, name)) continue;
      if (!first) text.push_back(',');
      text += Squeeze(header.value);
      first = false;
    }
    text.push_back('\n');
  }
  text.push_back('\n');
  text.append(authorization.signed_headers_text);
  text.push_back('\n');
  text += Sha256Hex(AsBytes(request.body));
  return text;
}

tl::unexpected<Failure> Incomplete(std::string message) {
  return RefuseEarly("IncompleteSignatureException", std::move(message));
}

bool Signs(const Authorization& authorization, std::string_view name) {
  const auto& names = authorization.signed_headers;
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The first reader of a header sent twice may not be the last.
Expected<void> CheckSentOnce(const net::Request& request) {
  for (const std::string_view name :
       {"authorization", "x-amz-date", "x-amz-target", "x-amz-security-token"}) {
    const auto is_it = [&](const net::Header& header) {
      return net::SameHeaderName(header.name, name);
    };
    if (std::ranges::count_if(request.headers, is_it) > 1) {
      return Incomplete("The header '" + std::string(name) + "' was sent more than once.");
    }
  }
  return {};
}

Expected<void> CheckTime(std::string_view date, std::string_view day, const Clock& clock,
                         std::chrono::seconds window) {
  const auto sent = ParseAmzDate(date);
  if (!sent) {
    return Incomplete("Date must be in ISO-8601 'basic format'. Got '" + std::string(date) +
                      "'. See http://en.wikipedia.org/wiki/ISO_8601");
  }
  if (date.substr(0, 8) != day) {
    return RefuseEarly("InvalidSignatureException",
                       "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                       "date from HTTP");
  }
  const auto now = clock.Now();
  const std::string minutes =
      std::to_string(std::chrono::duration_cast<std::chrono::minutes>(window).count());
  if (*sent < now - window) {
    return RefuseEarly("InvalidSignatureException",
                       "Signature expired: " + std::string(date) + " is now earlier than " +
                           FormatAmzDate(now - window) + " (" + FormatAmzDate(now) + " - " +
                           minutes + " min.)");
  }
  if (*sent > now + window) {
    return RefuseEarly("InvalidSignatureException",
                       "Signature not yet current: " + std::string(date) + " is still later than " +
                           FormatAmzDate(now + window) + " (" + FormatAmzDate(now) + " + " +
                           minutes + " min.)");
  }
  return {};
}

Failure FailureOfKey(const Error& error) {
  switch (error.code()) {
    case Code::kDeadline:
      return {"ExpiredTokenException", "The security token included in the request is expired", 400,
              Shape::kFramework};
    case Code::kNotFound:
      return FailureOf(Error(Code::kUnauthenticated, error.message()), Subject::kOther);
    default:
      return FailureOf(error, Subject::kOther);
  }
}

Expected<void> ParseCredential(std::string_view text, Authorization& result) {
  const auto parts = Split(text, '/');
  if (parts.size() != 5 || parts[0].empty() || parts[0].size() > 128) {
    return Incomplete(
        "Credential must have exactly 5 slash-delimited elements, e.g. "
        "keyid/date/region/service/term");
  }
  if (parts[1].size() != 8 || !IsDigits(parts[1]) || parts[2].empty() || parts[2].size() > 64) {
    return Incomplete("Credential must carry a date as YYYYMMDD and a region");
  }
  if (parts[3] != kService || parts[4] != kSigV4Terminator) {
    return RefuseEarly("InvalidSignatureException",
                       "Credential should be scoped to correct service: 'rekognition'.");
  }
  result.access_key_id = parts[0];
  result.day = parts[1];
  result.region = parts[2];
  result.service = parts[3];
  return {};
}

}  // namespace

Expected<Authorization> ParseAuthorization(std::string_view header) {
  header = Trim(header);
  if (!header.starts_with(kSigV4Algorithm) || header.size() == kSigV4Algorithm.size() ||
      header[kSigV4Algorithm.size()] != ' ') {
    return Incomplete("Authorization header must begin with 'AWS4-HMAC-SHA256'");
  }
  header.remove_prefix(kSigV4Algorithm.size() + 1);
  std::optional<std::string_view> credential;
  Authorization result;
  for (const std::string_view part : Split(header, ',')) {
    const std::string_view piece = Trim(part);
    const std::size_t equals = piece.find('=');
    if (equals == std::string_view::npos) {
      return Incomplete("Authorization header has a part without '='");
    }
    const std::string_view name = piece.substr(0, equals);
    const std::string_view value = piece.substr(equals + 1);
    if (name == "Credential") credential = value;
    if (name == "SignedHeaders") result.signed_headers_text = value;
    if (name == "Signature") result.signature = value;
  }
  if (!credential) return Incomplete("Authorization header requires 'Credential' parameter.");
  if (result.signed_headers_text.empty()) {
    return Incomplete("Authorization header requires 'SignedHeaders' parameter.");
  }
  if (result.signature.empty()) {
    return Incomplete("Authorization header requires 'Signature' parameter.");
  }
  result.signed_headers = Split(result.signed_headers_text, ';');
  if (result.signed_headers.size() > kMaxSignedHeaders) {
    return Incomplete("Authorization header names more than 64 signed headers");
  }
  if (auto parsed = ParseCredential(*credential, result); !parsed) return Refuse(parsed.error());
  return result;
}

std::optional<std::chrono::system_clock::time_point> ParseAmzDate(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z' || !IsDigits(text.substr(0, 8)) ||
      !IsDigits(text.substr(9, 6))) {
    return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (const char c : text.substr(at, size)) value = value * 10 + (c - '0');
    return value;
  };
  using namespace std::chrono;
  const year_month_day date{year(number(0, 4)), month(static_cast<unsigned>(number(4, 2))),
                            day(static_cast<unsigned>(number(6, 2)))};
  if (!date.ok() || number(9, 2) > 23 || number(11, 2) > 59 || number(13, 2) > 60) {
    return std::nullopt;
  }
  return sys_days(date) + hours(number(9, 2)) + minutes(number(11, 2)) + seconds(number(13, 2));
}

std::string Sign(const net::Request& request, const Authorization& authorization,
                 std::string_view amz_date, std::string_view secret) {
  return SigV4Signature(CanonicalRequest(request, authorization), amz_date,
                        {authorization.day, authorization.region, authorization.service}, secret);
}

Expected<Caller> Authenticate(const net::Request& request, const KeyLookup& open_key,
                              const Clock& clock, std::chrono::seconds window) {
  const std::string* header = request.Find("authorization");
  if (header == nullptr || header->empty()) {
    return RefuseEarly("MissingAuthenticationTokenException", "Missing Authentication Token");
  }
  if (auto once = CheckSentOnce(request); !once) return Refuse(once.error());
  auto authorization = ParseAuthorization(*header);
  if (!authorization) return Refuse(authorization.error());
  const std::string* date = request.Find("x-amz-date");
  if (date == nullptr) {
    return Incomplete(
        "Authorization header requires existence of either a 'X-Amz-Date' or a "
        "'Date' header.");
  }
  if (!Signs(*authorization, "host") || !Signs(*authorization, "x-amz-date")) {
    return RefuseEarly(
        "InvalidSignatureException",
        "'Host' and 'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization.");
  }
  // The target chooses the operation: left unsigned, a captured request could be turned to another.
  if (request.Find("x-amz-target") != nullptr && !Signs(*authorization, "x-amz-target")) {
    return RefuseEarly("InvalidSignatureException",
                       "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.");
  }
  const std::string* token = request.Find("x-amz-security-token");
  auto grant = open_key(authorization->access_key_id,
                        token == nullptr ? std::string_view() : std::string_view(*token));
  if (!grant) return Refuse(FailureOfKey(grant.error()));
  if (auto timely = CheckTime(*date, authorization->day, clock, window); !timely) {
    return Refuse(timely.error());
  }
  const std::string expected = Sign(request, *authorization, *date, grant->secret);
  if (!EqualInConstantTime(AsBytes(expected), AsBytes(authorization->signature))) {
    return RefuseEarly("InvalidSignatureException", kMismatch);
  }
  return Caller{*std::move(grant), std::string(authorization->region),
                std::string(authorization->signature)};
}

}  // namespace candid::api
