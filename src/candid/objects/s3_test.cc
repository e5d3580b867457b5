#include "candid/objects/s3.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace candid::objects {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(S3, EncodesAsTheSignatureAsks) {
  EXPECT_EQ(UriEncoded("aZ09-._~", false), "aZ09-._~");
  EXPECT_EQ(UriEncoded("a b/+\xc3\xa9?", false), "a%20b%2F%2B%C3%A9%3F");
  EXPECT_EQ(UriEncoded("a b/+", true), "a%20b/%2B");
}

class Fixed final : public Clock {
 public:
  std::chrono::system_clock::time_point Now() const override {
    return std::chrono::system_clock::time_point(std::chrono::seconds(1369353600));
  }
};

// The signature is botocore's S3SigV4Auth over the same request; tests/wire/objects_test.py lets it
// judge every request of the server.
TEST(S3, SignsHostDateAndBody) {
  const Fixed clock;
  S3Options options;
  options.access_key_id = "AKIDEXAMPLE";
  options.secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  options.clock = &clock;
  const auto headers = SignS3({"bucket.s3.amazonaws.com", "/a%20b", "versionId=v1"}, options);
  EXPECT_THAT(
      headers,
      ElementsAre("x-amz-content-sha256: "
                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                  "x-amz-date: 20130524T000000Z",
                  "Authorization: AWS4-HMAC-SHA256 "
                  "Credential=AKIDEXAMPLE/20130524/us-east-1/s3/aws4_request, "
                  "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
                  "Signature=a8a1ed154f17068439516892bc45ccae5b4c4e28734b64a3e7c66be2d33db7b8"));
}

std::string WhyNot(S3Options options) {
  const auto made = S3::Create(std::move(options));
  return made ? "made" : made.error().message();
}
std::string WhyNot(const std::string& endpoint) {
  S3Options options;
  options.endpoint = endpoint;
  return WhyNot(options);
}

TEST(S3, TakesAnAddressAndNothingElse) {
  for (const char* good : {"https://s3.example.org", "https://s3.example.org:9000/",
                           "http://127.0.0.1:9000", "http://localhost", "http://[::1]:9000"}) {
    EXPECT_EQ(WhyNot(good), "made") << good;
  }
  EXPECT_THAT(WhyNot(""), HasSubstr("is no address"));
  EXPECT_THAT(WhyNot("s3.example.org"), HasSubstr("is no address"));
  EXPECT_THAT(WhyNot("ftp://s3.example.org"), HasSubstr("is not https://"));
  EXPECT_THAT(WhyNot("https://s3.example.org/path"), HasSubstr("more than a host and a port"));
  EXPECT_THAT(WhyNot("https://user@s3.example.org"), HasSubstr("more than a host and a port"));
  EXPECT_THAT(WhyNot("https://s3.example.org/?a=b"), HasSubstr("more than a host and a port"));
}

TEST(S3, SendsNothingInTheOpenUnlessTold) {
  S3Options options;
  options.endpoint = "http://s3.example.org";
  EXPECT_THAT(WhyNot(options), HasSubstr("unprotected"));
  options.endpoint = "http://127.example.org";
  EXPECT_THAT(WhyNot(options), HasSubstr("unprotected"));
  options.accept_plain_http = true;
  EXPECT_EQ(WhyNot(options), "made");
}

TEST(S3, NeedsBothHalvesOfAKey) {
  S3Options options;
  options.endpoint = "https://s3.example.org";
  options.access_key_id = "id";
  EXPECT_THAT(WhyNot(options), HasSubstr("one of them is missing"));
}

TEST(S3, SaysWhatItCannotReach) {
  S3Options options;
  options.endpoint = "http://127.0.0.1:1";
  const auto read = S3::Create(options).value()->Read({"bucket", "jane_doe", ""}, 10);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Code::kUnavailable);
  EXPECT_THAT(read.error().message(), HasSubstr("127.0.0.1:1"));
  EXPECT_THAT(read.error().message(), testing::Not(HasSubstr("jane")));
}

}  // namespace
}  // namespace candid::objects
