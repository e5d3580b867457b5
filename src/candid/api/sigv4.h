// AWS Signature Version 4, header form: who sent this request, and is it unchanged?
//
// The canonical request is rebuilt from the headers the client says it signed (clients sign
// different sets), the target as received and the hash of the body that really came. Source:
// "Signature Version 4 signing process", AWS General Reference.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "candid/api/failure.h"
#include "candid/base/clock.h"
#include "candid/collections/access_keys.h"
#include "candid/net/http.h"

namespace candid::api {

// The parts of an Authorization header. Views into the text it was parsed from.
struct Authorization {
  std::string_view access_key_id;
  std::string_view day;  // YYYYMMDD
  std::string_view region;
  std::string_view service;
  std::vector<std::string_view> signed_headers;  // in the order declared
  std::string_view signed_headers_text;
  std::string_view signature;  // 64 hexadecimal digits
};

// IncompleteSignatureException where a part is missing or misshapen; the message names it.
Expected<Authorization> ParseAuthorization(std::string_view header);

// YYYYMMDDTHHMMSSZ; nothing where the text is not that form or not a date.
std::optional<std::chrono::system_clock::time_point> ParseAmzDate(std::string_view text);

// The hexadecimal signature; for tests and for clients of our own.
std::string Sign(const net::Request& request, const Authorization& authorization,
                 std::string_view amz_date, std::string_view secret);

struct Caller {
  collections::Grant grant;
  std::string region;
  std::string signature;  // empty: unsigned
};

// What an access key id and the session token sent with it (empty: none) stand for;
// collections::AccessKeys::Open. Thread-safe.
using KeyLookup = std::function<Result<collections::Grant>(std::string_view access_key_id,
                                                           std::string_view session_token)>;

// Accepts a signature made within `window` of the clock, for service "rekognition", over at least
// the host and date headers.
Expected<Caller> Authenticate(const net::Request& request, const KeyLookup& open_key,
                              const Clock& clock,
                              std::chrono::seconds window = std::chrono::minutes(5));

}  // namespace candid::api
