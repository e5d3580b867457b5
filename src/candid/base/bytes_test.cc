#include "candid/base/bytes.h"

#include <gtest/gtest.h>

namespace candid {
namespace {

TEST(Base64, RoundTripsEveryLength) {
  for (std::size_t length = 0; length < 70; ++length) {
    Bytes bytes(length);
    for (std::size_t i = 0; i < length; ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 + length);
    const std::string text = ToBase64(bytes);
    const auto back = FromBase64(text);
    ASSERT_TRUE(back.has_value()) << text;
    EXPECT_EQ(*back, bytes);
  }
}

// The vectors of RFC 4648 section 10.
TEST(Base64, KnowsTheVectors) {
  EXPECT_EQ(ToBase64(AsBytes("f")), "Zg==");
  EXPECT_EQ(ToBase64(AsBytes("fo")), "Zm8=");
  EXPECT_EQ(ToBase64(AsBytes("foobar")), "Zm9vYmFy");
}

TEST(Base64, RefusesWhatIsNotBase64) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Z===", "====", "Zm9v\n", "Zm 9v", "Zm-_",
                           "Zh==", "Zm9=Zg==", "Zg==Zg==", "\xff\xff\xff\xff"}) {
    EXPECT_FALSE(FromBase64(text).has_value()) << text;
  }
}

TEST(Hex, RoundTripsAndRefuses) {
  EXPECT_EQ(ToHex(Bytes{0x00, 0xab, 0xff}), "00abff");
  EXPECT_EQ(*FromHex("00ABff"), (Bytes{0x00, 0xab, 0xff}));
  EXPECT_FALSE(FromHex("0").has_value());
  EXPECT_FALSE(FromHex("0g").has_value());
}

TEST(EqualInConstantTime, ComparesLengthsToo) {
  EXPECT_TRUE(EqualInConstantTime(AsBytes("abc"), AsBytes("abc")));
  EXPECT_FALSE(EqualInConstantTime(AsBytes("abc"), AsBytes("abd")));
  EXPECT_FALSE(EqualInConstantTime(AsBytes("abc"), AsBytes("ab")));
}

}  // namespace
}  // namespace candid
