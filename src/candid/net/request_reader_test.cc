#include "candid/net/request_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace candid::net {
namespace {

using State = RequestReader::State;

// Offers the bytes `at_once` at a time, as a socket would; what was not taken comes again.
std::size_t FeedAll(RequestReader& reader, std::string_view bytes, std::size_t at_once) {
  std::string kept;
  std::size_t taken = 0;
  while (!bytes.empty()) {
    kept += bytes.substr(0, at_once);
    bytes.remove_prefix(std::min(at_once, bytes.size()));
    for (std::size_t used = 1; used > 0 && !kept.empty();) {
      used = reader.Feed(kept);
      kept.erase(0, used);
      taken += used;
    }
  }
  return taken;
}

TEST(RequestReader, ReadsTheSameInPiecesOfAnySize) {
  constexpr std::string_view kText =
      "POST /a?b HTTP/1.1\r\nHost: h\r\nX:  y \r\nContent-Length: 5\r\n\r\nhelloGET";
  for (std::size_t at_once = 1; at_once <= kText.size(); ++at_once) {
    RequestReader reader({});
    EXPECT_EQ(FeedAll(reader, kText, at_once), kText.size() - 3) << at_once;
    ASSERT_EQ(reader.state(), State::kWhole);
    EXPECT_TRUE(reader.keep_alive());
    EXPECT_FALSE(reader.is_head());
    EXPECT_EQ(reader.body_size(), 5u);
    const Request request = reader.Take();
    EXPECT_EQ(request.method + " " + request.target + " " + request.body, "POST /a?b hello");
    EXPECT_EQ(*request.Find("x"), "y");
  }
}

TEST(RequestReader, StopsWhereTheHeadEnds) {
  RequestReader reader({});
  constexpr std::string_view kHead =
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n";
  EXPECT_EQ(reader.Feed(std::string(kHead) + "x"), kHead.size());
  EXPECT_EQ(reader.state(), State::kBody);
  EXPECT_TRUE(reader.awaits_permission());
  EXPECT_EQ(reader.Feed("xy"), 1u);
  EXPECT_EQ(reader.state(), State::kWhole);
  EXPECT_EQ(reader.Feed("y"), 0u);
}

TEST(RequestReader, JoinsFoldedHeaders) {
  RequestReader reader({});
  FeedAll(reader, "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n  b\r\n\tc\r\n\r\n", 100);
  ASSERT_EQ(reader.state(), State::kWhole);
  EXPECT_EQ(*reader.Take().Find("x"), "a b c");
}

TEST(RequestReader, KeepsTrailersOutOfTheHead) {
  RequestReader reader({});
  FeedAll(reader,
          "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
          "2\r\nab\r\n0\r\nHost: i\r\nX: y\r\n\r\n",
          3);
  ASSERT_EQ(reader.state(), State::kWhole);
  const Request request = reader.Take();
  EXPECT_EQ(request.body, "ab");
  EXPECT_EQ(request.headers.size(), 2u);
}

TEST(RequestReader, HoldsItsLimits) {
  const auto refusal = [](const std::string& text) {
    RequestReader reader({.header_bytes = 100, .body_bytes = 10});
    FeedAll(reader, text, 7);
    EXPECT_EQ(reader.state(), State::kRefused) << text;
    return reader.refusal();
  };
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(refusal(head + "X: " + std::string(100, 'x') + "\r\n\r\n"), Refusal::kHeaderTooLarge);
  EXPECT_EQ(refusal(head + "Content-Length: 11\r\n\r\n"), Refusal::kBodyTooLarge);
  EXPECT_EQ(refusal(head + "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n"),
            Refusal::kBodyTooLarge);
  // However small the pieces: Beast's own limits look at one at a time.
  std::string many = head;
  for (int i = 0; i < 20; ++i) many += "X: y\r\n";
  EXPECT_EQ(refusal(many + "\r\n"), Refusal::kHeaderTooLarge);
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(refusal(chunked + "1;" + std::string(200, 'x')), Refusal::kHeaderTooLarge);
  EXPECT_EQ(refusal(chunked + "0\r\nX: " + std::string(200, 'x')), Refusal::kHeaderTooLarge);
  EXPECT_EQ(refusal(head + "Host: i\r\n\r\n"), Refusal::kMalformed);
  EXPECT_EQ(refusal(head + "Content-Length: 99999999999999999999\r\n\r\n"), Refusal::kMalformed);
  EXPECT_EQ(refusal("\x16\x03\x01 not HTTP\r\n\r\n"), Refusal::kMalformed);
}

}  // namespace
}  // namespace candid::net
