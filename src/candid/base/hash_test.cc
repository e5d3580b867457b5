#include "candid/base/hash.h"

#include <gtest/gtest.h>

namespace candid {
namespace {

// FIPS 180-4, example "abc".
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, KnowsTheVector) { EXPECT_EQ(Sha256Hex(AsBytes("abc")), kAbc); }

TEST(Sha256, InPiecesIsTheSame) {
  Sha256Stream stream;
  stream.Update(AsBytes("a"));
  stream.Update({});
  stream.Update(AsBytes("bc"));
  EXPECT_EQ(ToHex(stream.Finish()), kAbc);
}

// RFC 4231, test case 2.
TEST(HmacSha256, KnowsTheVector) {
  EXPECT_EQ(ToHex(HmacSha256(AsBytes("Jefe"), AsBytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Sha256HexOfFile, NamesTheMissingFile) {
  const auto digest = Sha256HexOfFile("/nonexistent/file");
  ASSERT_FALSE(digest);
  EXPECT_NE(digest.error().message().find("/nonexistent/file"), std::string::npos);
}

}  // namespace
}  // namespace candid
