#include "candid/api/cors.h"

#include <gtest/gtest.h>

namespace candid::api {
namespace {

net::Request Question(const std::string& origin, const std::string& headers = "authorization") {
  net::Request request;
  request.method = "OPTIONS";
  request.target = "/";
  request.headers = {{"Origin", origin},
                     {"Access-Control-Request-Method", "POST"},
                     {"Access-Control-Request-Headers", headers}};
  return request;
}

std::string HeaderOf(const net::Response& response, std::string_view name) {
  for (const net::Header& header : response.headers) {
    if (net::SameHeaderName(header.name, name)) return header.value;
  }
  return "none";
}

TEST(CorsTest, OffWithoutOrigins) {
  const Cors off("");
  EXPECT_FALSE(off.Preflight(Question("https://a.example")));
  net::Response response;
  off.Allow(Question("https://a.example"), &response);
  EXPECT_TRUE(response.headers.empty());
}

TEST(CorsTest, LetsTheNamedOriginsIn) {
  const Cors cors("https://a.example http://localhost:3000");
  const auto answer =
      cors.Preflight(Question("http://localhost:3000",
                              "authorization,content-type, x-amz-date,amz-sdk-request,"
                              "x-amz-,cookie,x-other,Bad\r\nName"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(HeaderOf(*answer, "access-control-allow-origin"), "http://localhost:3000");
  EXPECT_EQ(HeaderOf(*answer, "access-control-allow-methods"), "POST");
  EXPECT_EQ(HeaderOf(*answer, "access-control-allow-headers"),
            "authorization, content-type, x-amz-date, amz-sdk-request");
  EXPECT_EQ(HeaderOf(*answer, "access-control-allow-credentials"), "none");
  EXPECT_EQ(HeaderOf(*answer, "vary"), "Origin");
}

TEST(CorsTest, KeepsOthersOut) {
  const Cors cors("https://a.example");
  for (const char* origin : {"https://a.example.evil", "http://a.example", "null", "", "*"}) {
    EXPECT_FALSE(cors.Preflight(Question(origin))) << origin;
    net::Response response;
    cors.Allow(Question(origin), &response);
    EXPECT_EQ(HeaderOf(response, "access-control-allow-origin"), "none") << origin;
  }
  net::Request get = Question("https://a.example");
  get.headers[1].value = "DELETE";
  EXPECT_FALSE(cors.Preflight(get));
}

TEST(CorsTest, AStarIsEveryOrigin) {
  const auto answer = Cors("*").Preflight(Question("https://b.example"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(HeaderOf(*answer, "access-control-allow-origin"), "https://b.example");
}

}  // namespace
}  // namespace candid::api
