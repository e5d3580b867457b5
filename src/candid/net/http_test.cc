#include "candid/net/http.h"

#include <gtest/gtest.h>

namespace candid::net {
namespace {

TEST(Http, FindsHeadersInAnyCase) {
  Request request;
  request.headers = {{"X-Amz-Date", "1"}, {"x-amz-date", "2"}, {"X", "3"}};
  EXPECT_EQ(*request.Find("x-amz-date"), "1");
  EXPECT_EQ(request.Find("x-amz-dat"), nullptr);
  EXPECT_TRUE(SameHeaderName("A-z", "a-Z"));
  EXPECT_FALSE(SameHeaderName("@", "`"));  // a bit apart, but no letters
}

TEST(Http, WritesDates) {
  EXPECT_EQ(HttpDate(std::chrono::system_clock::from_time_t(784'111'777)),
            "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace candid::net
