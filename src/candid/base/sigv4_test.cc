#include "candid/base/sigv4.h"

#include <gtest/gtest.h>

namespace candid {
namespace {

// "GET Object" of the S3 API reference, section on the Authorization header.
TEST(SigV4, SignsAmazonsPublishedExample) {
  constexpr char kEmptyBody[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const std::string canonical =
      std::string("GET\n/test.txt\n\n") + "host:examplebucket.s3.amazonaws.com\nrange:bytes=0-9\n" +
      "x-amz-content-sha256:" + kEmptyBody + "\n" + "x-amz-date:20130524T000000Z\n\n" +
      "host;range;x-amz-content-sha256;x-amz-date\n" + kEmptyBody;
  const SigV4Scope scope{"20130524", "us-east-1", "s3"};
  EXPECT_EQ(SigV4ScopeText(scope), "20130524/us-east-1/s3/aws4_request");
  EXPECT_EQ(SigV4Signature(canonical, "20130524T000000Z", scope,
                           "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4, WritesDatesAsAmazonDoes) {
  EXPECT_EQ(FormatAmzDate(std::chrono::system_clock::time_point(std::chrono::seconds(1369353600))),
            "20130524T000000Z");
}

}  // namespace
}  // namespace candid
