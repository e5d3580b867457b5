#include "candid/api/replays.h"

#include <gtest/gtest.h>

#include <string>

namespace candid::api {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

std::string Signature(int n) {
  const std::string digits = std::to_string(n);
  return digits + std::string(64 - digits.size(), 'a');
}

TEST(ReplaysTest, ACopyIsRefusedAndARepeatAtOnceIsNot) {
  Replays replays;
  const Replays::Time start{};
  EXPECT_TRUE(replays.Admit(Signature(1), start));
  EXPECT_TRUE(replays.Admit(Signature(1), start + seconds(5)));
  EXPECT_FALSE(replays.Admit(Signature(1), start + seconds(6)));
  EXPECT_FALSE(replays.Admit(Signature(1), start + minutes(10)));
  EXPECT_TRUE(replays.Admit(Signature(2), start + minutes(10)));
}

TEST(ReplaysTest, ForgetsWhatCanHoldNoMore) {
  Replays replays;
  const Replays::Time start{};
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(replays.Admit(Signature(i), start));
  EXPECT_EQ(replays.size(), 100u);
  EXPECT_TRUE(replays.Admit(Signature(100), start + minutes(12)));
  EXPECT_EQ(replays.size(), 1u);
}

TEST(ReplaysTest, IsBounded) {
  Replays replays(10);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(replays.Admit(Signature(i), Replays::Time{}));
  EXPECT_LE(replays.size(), 10u);
  EXPECT_FALSE(replays.Admit(Signature(999), Replays::Time{} + seconds(6)))
      << "the newest is known";
}

}  // namespace
}  // namespace candid::api
