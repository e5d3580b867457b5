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

TEST(Http, WritesHeads) {
  const auto then = std::chrono::system_clock::from_time_t(784'111'777);
  Response response{.status = 400, .content_type = "a/b", .headers = {{"X", "y"}}, .body = "12"};
  EXPECT_EQ(RenderHead(response, true, then),
            "HTTP/1.1 400 Bad Request\r\nContent-Type: a/b\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT"
            "\r\nX: y\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(RenderHead({}, false, then),
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close\r\n"
            "Content-Length: 0\r\n\r\n");
}

}  // namespace
}  // namespace candid::net
