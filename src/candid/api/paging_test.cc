#include "candid/api/paging.h"

#include <gtest/gtest.h>

namespace candid::api {
namespace {

TEST(PagingTokens, OpenWhatTheySealed) {
  const PagingTokens tokens(Bytes(32, 7));
  const std::string token = tokens.Seal("ListFaces c", std::string(150, 'x'));
  EXPECT_LE(token.size(), 255u);
  EXPECT_EQ(tokens.Open("ListFaces c", token).value(), std::string(150, 'x'));
}

TEST(PagingTokens, RefuseForeignAndForged) {
  const PagingTokens tokens(Bytes(32, 7));
  const std::string token = tokens.Seal("ListFaces c", "42");
  EXPECT_FALSE(tokens.Open("ListFaces d", token));
  EXPECT_FALSE(tokens.Open("ListCollections", token));
  EXPECT_FALSE(PagingTokens(Bytes(32, 8)).Open("ListFaces c", token));
  EXPECT_FALSE(tokens.Open("ListFaces c", ""));
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string forged = token;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    const auto opened = tokens.Open("ListFaces c", forged);
    ASSERT_FALSE(opened) << i;
    EXPECT_EQ(opened.error().type, "InvalidPaginationTokenException");
    EXPECT_EQ(opened.error().message, "Invalid Pagination Token");
  }
}

}  // namespace
}  // namespace candid::api
