#include "apps/duration.h"

#include <gtest/gtest.h>

namespace candid::apps {
namespace {

TEST(DurationTest, ReadsAndWrites) {
  for (const char* text : {"90s", "15m", "24h", "30d", "52w", "1s"}) {
    const auto length = ParseDuration("--x", text);
    ASSERT_TRUE(length) << text;
    EXPECT_EQ(*ParseDuration("--x", FormatDuration(*length)), *length);
  }
  EXPECT_EQ(*ParseDuration("--x", "2d"), std::chrono::hours(48));
  EXPECT_EQ(FormatDuration(std::chrono::hours(48)), "2d");
  EXPECT_EQ(FormatDuration({}), "none");
  for (const char* bad :
       {"", "d", "5", "-1d", "1.5h", "5x", "5dd", " 5d", "99999999999999999999d", "36601d"}) {
    const auto refused = ParseDuration("--retention", bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_NE(refused.error().message().find("--retention"), std::string::npos);
  }
}

TEST(DurationTest, ReadsTimes) {
  EXPECT_EQ(FormatTime(*ParseTime("--since", "2026-11-24T09:30:00Z")), "2026-11-24T09:30:00Z");
  EXPECT_EQ(FormatTime(*ParseTime("--since", "2026-11-24")), "2026-11-24T00:00:00Z");
  for (const char* bad : {"", "yesterday", "2026-02-30", "2026-11-24T09:30:00", "2026-11-24x"}) {
    EXPECT_FALSE(ParseTime("--since", bad)) << bad;
  }
}

}  // namespace
}  // namespace candid::apps
