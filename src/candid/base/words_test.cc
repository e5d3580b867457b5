#include "candid/base/words.h"

#include <gtest/gtest.h>

namespace candid {
namespace {

TEST(WordsTest, ComeBackAsTheyWent) {
  const std::vector<std::vector<std::string>> lists{
      {}, {"one"}, {"door-*", "gate"}, {"a", "b", "c"}};
  for (const auto& words : lists) EXPECT_EQ(SplitWords(JoinWords(words)), words);
  EXPECT_EQ(JoinWords(lists[2]), "door-* gate");
  EXPECT_EQ(JoinWords({}), "");
}

}  // namespace
}  // namespace candid
