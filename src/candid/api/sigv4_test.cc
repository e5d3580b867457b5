#include "candid/api/sigv4.h"

#include <gtest/gtest.h>

#include "candid/base/sigv4.h"

namespace candid::api {
namespace {

class FixedClock : public Clock {
 public:
  explicit FixedClock(std::string_view amz_date) : now_(*ParseAmzDate(amz_date)) {}
  std::chrono::system_clock::time_point Now() const override { return now_; }

 private:
  std::chrono::system_clock::time_point now_;
};

constexpr char kSecret[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr char kDate[] = "20261123T011227Z";
constexpr char kScope[] = "Credential=AKIDEXAMPLE/20261123/us-east-1/rekognition/aws4_request";

Result<collections::Grant> Lookup(std::string_view id, std::string_view token) {
  if (token == "over") return Fail(Code::kDeadline, "over");
  if (id == "AKIDEXAMPLE" && (token.empty() || token == "token")) {
    return collections::Grant{.secret = kSecret, .key_id = std::string(id), .policies = {}};
  }
  return Fail(Code::kUnauthenticated, "no such key");
}

void SignAs(net::Request& request, const std::string& signed_headers) {
  const std::string unsigned_header = std::string("AWS4-HMAC-SHA256 ") + kScope +
                                      ", SignedHeaders=" + signed_headers + ", Signature=0";
  const auto authorization = ParseAuthorization(unsigned_header);
  ASSERT_TRUE(authorization);
  const std::string signature = Sign(request, *authorization, kDate, kSecret);
  request.headers.push_back({"Authorization", std::string("AWS4-HMAC-SHA256 ") + kScope +
                                                  ", SignedHeaders=" + signed_headers +
                                                  ", Signature=" + signature});
}

net::Request Unsigned() {
  net::Request request;
  request.method = "POST";
  request.target = "/";
  request.headers = {{"Host", "127.0.0.1:8080"},
                     {"X-Amz-Target", "RekognitionService.ListCollections"},
                     {"Content-Type", "application/x-amz-json-1.1"},
                     {"X-Amz-Date", kDate}};
  request.body = "{}";
  return request;
}

std::string TypeOf(const net::Request& request, std::string_view now = kDate) {
  const auto caller = Authenticate(request, Lookup, FixedClock(now));
  return caller ? "ok" : caller.error().type;
}

constexpr char kCliHeaders[] = "content-type;host;x-amz-date;x-amz-target";

// Made by botocore 1.29 (Debian 12) with the key, date and request of Unsigned().
TEST(SigV4, AgreesWithBotocore) {
  net::Request request = Unsigned();
  const std::string header = std::string("AWS4-HMAC-SHA256 ") + kScope +
                             ", SignedHeaders=" + kCliHeaders + ", Signature=0";
  EXPECT_EQ(Sign(request, *ParseAuthorization(header), kDate, kSecret),
            "2cce7057b37f0b7c42f90b1130cbbda0097338982be4675d05f7e939e8c3296e");
}

TEST(SigV4, AcceptsTheHeaderSetsOfTheClients) {
  for (const char* names : {kCliHeaders, "host;x-amz-date;x-amz-target"}) {
    net::Request request = Unsigned();
    SignAs(request, names);
    const auto caller = Authenticate(request, Lookup, FixedClock(kDate));
    ASSERT_TRUE(caller) << caller.error().message;
    EXPECT_EQ(caller->region, "us-east-1");
    EXPECT_EQ(caller->grant.key_id, "AKIDEXAMPLE");
  }
}

TEST(SigV4, RefusesChangedRequests) {
  net::Request request = Unsigned();
  SignAs(request, kCliHeaders);
  net::Request body = request;
  body.body = "{ }";
  EXPECT_EQ(TypeOf(body), "InvalidSignatureException");
  net::Request target = request;
  target.headers[1].value = "RekognitionService.DeleteCollection";
  EXPECT_EQ(TypeOf(target), "InvalidSignatureException");
  net::Request second = request;
  second.headers.push_back({"x-amz-target", "RekognitionService.DeleteCollection"});
  EXPECT_EQ(TypeOf(second), "IncompleteSignatureException");
  net::Request path = request;
  path.target = "/base/";
  EXPECT_EQ(TypeOf(path), "InvalidSignatureException");
}

TEST(SigV4, HandsTheSessionTokenOn) {
  for (const auto& [token, type] :
       std::vector<std::pair<const char*, const char*>>{{"token", "ok"},
                                                        {"stray", "UnrecognizedClientException"},
                                                        {"over", "ExpiredTokenException"}}) {
    net::Request request = Unsigned();
    request.headers.push_back({"X-Amz-Security-Token", token});
    SignAs(request, "content-type;host;x-amz-date;x-amz-security-token;x-amz-target");
    EXPECT_EQ(TypeOf(request), type);
  }
  net::Request twice = Unsigned();
  SignAs(twice, kCliHeaders);
  twice.headers.push_back({"X-Amz-Security-Token", "token"});
  EXPECT_EQ(TypeOf(twice), "ok") << "its own seal holds it where the signature does not";
  twice.headers.push_back({"X-Amz-Security-Token", "token"});
  EXPECT_EQ(TypeOf(twice), "IncompleteSignatureException");
}

TEST(SigV4, RefusesAnUnsignedTarget) {
  net::Request request = Unsigned();
  SignAs(request, "host;x-amz-date");
  EXPECT_EQ(TypeOf(request), "InvalidSignatureException");
}

TEST(SigV4, HoldsTheWindow) {
  net::Request request = Unsigned();
  SignAs(request, kCliHeaders);
  EXPECT_EQ(TypeOf(request, "20261123T011727Z"), "ok");
  EXPECT_EQ(TypeOf(request, "20261123T010727Z"), "ok");
  const auto late = Authenticate(request, Lookup, FixedClock("20261123T011728Z"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message,
            "Signature expired: 20261123T011227Z is now earlier than 20261123T011228Z "
            "(20261123T011728Z - 5 min.)");
  EXPECT_EQ(TypeOf(request, "20261123T010726Z"), "InvalidSignatureException");
}

TEST(SigV4, NamesWhatIsMissing) {
  net::Request request = Unsigned();
  EXPECT_EQ(TypeOf(request), "MissingAuthenticationTokenException");
  request.headers.push_back({"Authorization", "Basic Zm9v"});
  EXPECT_EQ(TypeOf(request), "IncompleteSignatureException");
  const std::string other =
      "AWS4-HMAC-SHA256 Credential=NOBODY/20261123/us-east-1/rekognition/"
      "aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, Signature=0";
  request.headers.back().value = other;
  EXPECT_EQ(TypeOf(request), "UnrecognizedClientException");
  for (const char* header :
       {"AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=h, Signature=0",
        "AWS4-HMAC-SHA256 Credential=a/20261123/r/rekognition/aws4_request, Signature=0",
        "AWS4-HMAC-SHA256 Credential=a/20261123/r/rekognition/aws4_request, SignedHeaders=host"}) {
    const auto parsed = ParseAuthorization(header);
    ASSERT_FALSE(parsed) << header;
    EXPECT_EQ(parsed.error().type, "IncompleteSignatureException");
  }
}

TEST(SigV4, ReadsDates) {
  EXPECT_EQ(FormatAmzDate(*ParseAmzDate("20260228T235959Z")), "20260228T235959Z");
  for (const char* bad :
       {"", "20260230T000000Z", "20261123T240000Z", "2026112xT000000Z", "20261123 000000Z"}) {
    EXPECT_FALSE(ParseAmzDate(bad)) << bad;
  }
}

}  // namespace
}  // namespace candid::api
