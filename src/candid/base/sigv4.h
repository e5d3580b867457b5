// The last steps of AWS Signature Version 4, alike for those who verify and those who sign: from a
// canonical request to its signature. Source: "Signature Version 4 signing process", AWS General
// Reference.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace candid {

// What a signature is good for: one day, one region, one service.
struct SigV4Scope {
  std::string_view day;  // YYYYMMDD
  std::string_view region;
  std::string_view service;
};

inline constexpr std::string_view kSigV4Algorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view kSigV4Terminator = "aws4_request";

// "20261125/us-east-1/s3/aws4_request", as a Credential carries it behind the key's id.
std::string SigV4ScopeText(const SigV4Scope& scope);

// 64 hexadecimal digits. `amz_date` is the request's X-Amz-Date.
std::string SigV4Signature(std::string_view canonical_request, std::string_view amz_date,
                           const SigV4Scope& scope, std::string_view secret);

// YYYYMMDDTHHMMSSZ.
std::string FormatAmzDate(std::chrono::system_clock::time_point time);

}  // namespace candid
