#include "candid/base/sigv4.h"

#include <ctime>

#include "candid/base/hash.h"

namespace candid {

std::string SigV4ScopeText(const SigV4Scope& scope) {
  return std::string(scope.day) + "/" + std::string(scope.region) + "/" +
         std::string(scope.service) + "/" + std::string(kSigV4Terminator);
}

std::string SigV4Signature(std::string_view canonical_request, std::string_view amz_date,
                           const SigV4Scope& scope, std::string_view secret) {
  const std::string to_sign = std::string(kSigV4Algorithm) + "\n" + std::string(amz_date) + "\n" +
                              SigV4ScopeText(scope) + "\n" + Sha256Hex(AsBytes(canonical_request));
  const std::string seed = "AWS4" + std::string(secret);
  Digest key = HmacSha256(AsBytes(seed), AsBytes(scope.day));
  key = HmacSha256(key, AsBytes(scope.region));
  key = HmacSha256(key, AsBytes(scope.service));
  key = HmacSha256(key, AsBytes(kSigV4Terminator));
  return ToHex(HmacSha256(key, AsBytes(to_sign)));
}

std::string FormatAmzDate(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc)};
}

}  // namespace candid
