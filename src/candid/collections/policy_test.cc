#include "candid/collections/policy.h"

#include <gtest/gtest.h>

#include <limits>

namespace candid::collections {
namespace {

TEST(PolicyTest, PatternsMatchAsAWhole) {
  for (const auto& [pattern, text] :
       std::vector<std::pair<const char*, const char*>>{{"Search*", "SearchFaces"},
                                                        {"Search*", "Search"},
                                                        {"*", ""},
                                                        {"*", "x"},
                                                        {"*Faces*", "SearchFacesByImage"},
                                                        {"a*b*c", "aXbYbZc"},
                                                        {"", ""},
                                                        {"**", "x"},
                                                        {"door-*", "door-1"},
                                                        {"a*a", "aa"}}) {
    EXPECT_TRUE(MatchesPattern(pattern, text)) << pattern << " " << text;
  }
  for (const auto& [pattern, text] :
       std::vector<std::pair<const char*, const char*>>{{"Search", "SearchFaces"},
                                                        {"search*", "SearchFaces"},
                                                        {"a*a", "a"},
                                                        {"", "x"},
                                                        {"a*b*c", "aXbYbZ"},
                                                        {"door-*", "xdoor-1"},
                                                        {".*", "ab"}}) {
    EXPECT_FALSE(MatchesPattern(pattern, text)) << pattern << " " << text;
  }
}

TEST(PolicyTest, AHostilePatternCostsLittle) {
  std::string pattern;
  for (int i = 0; i < 127; ++i) pattern += "*a";
  EXPECT_FALSE(MatchesPattern(pattern + "b", std::string(255, 'a')));
}

TEST(PolicyTest, ReadsAreReads) {
  for (const char* name : {"DetectFaces", "CompareFaces", "DescribeCollection", "ListFaces",
                           "SearchFacesByImage", "SearchUsers", "ListTagsForResource"}) {
    EXPECT_TRUE(IsRead(name)) << name;
  }
  for (const char* name : {"IndexFaces", "DeleteFaces", "CreateCollection", "AssociateFaces",
                           "TagResource", "UntagResource", "DeleteUser", "Unheard"}) {
    EXPECT_FALSE(IsRead(name)) << name;
  }
}

TEST(PolicyTest, AllowsWhatItNames) {
  EXPECT_TRUE(AllowsAction({}, "DeleteFaces"));
  EXPECT_TRUE(AllowsCollection({}, "c"));
  EXPECT_FALSE(AllowsAction({{}, {}, true, 0, 0}, "DeleteFaces"));
  EXPECT_TRUE(AllowsAction({{}, {}, true, 0, 0}, "ListFaces"));
  const Policy narrow{{"Search*", "IndexFaces"}, {"door-*", "x"}, false, 0, 0};
  EXPECT_TRUE(AllowsAction(narrow, "IndexFaces"));
  EXPECT_FALSE(AllowsAction(narrow, "DeleteFaces"));
  EXPECT_TRUE(AllowsCollection(narrow, "x"));
  EXPECT_FALSE(AllowsCollection(narrow, "xx"));
}

TEST(PolicyTest, RefusesWhatMeansNothing) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Policy& bad : std::vector<Policy>{{{""}, {}, false, 0, 0},
                                               {{"a b"}, {}, false, 0, 0},
                                               {{"rekognition:X"}, {}, false, 0, 0},
                                               {{}, {"a/b"}, false, 0, 0},
                                               {{}, {std::string(256, 'a')}, false, 0, 0},
                                               {{std::string(65, 'a')}, {}, false, 0, 0},
                                               {std::vector<std::string>(65, "a"), {}, false, 0, 0},
                                               {{}, {}, false, -1, 1},
                                               {{}, {}, false, nan, 1},
                                               {{}, {}, false, 1, nan},
                                               {{}, {}, false, 1, 0.5},
                                               {{}, {}, false, 0, 5},
                                               {{}, {}, false, 1e9, 5}}) {
    const Status checked = CheckPolicy(bad);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code(), Code::kInvalidArgument);
  }
  EXPECT_TRUE(CheckPolicy({}));
  EXPECT_TRUE(CheckPolicy({{"Search*"}, {"*"}, true, 0.5, 1}));
}

TEST(RateLimitTest, LetsABurstThroughAndThenTheRate) {
  RateLimit limit(2, 3);
  const auto start = std::chrono::steady_clock::time_point(std::chrono::seconds(10));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.Take(start));
  EXPECT_FALSE(limit.Take(start));
  EXPECT_FALSE(limit.Take(start + std::chrono::milliseconds(499)));
  EXPECT_TRUE(limit.Take(start + std::chrono::milliseconds(501)));
  EXPECT_FALSE(limit.Take(start + std::chrono::milliseconds(502)));
  // A long rest fills it once, not more.
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.Take(start + std::chrono::hours(1)));
  EXPECT_FALSE(limit.Take(start + std::chrono::hours(1)));
  EXPECT_FALSE(limit.Take(start)) << "threads may come out of order";
}

}  // namespace
}  // namespace candid::collections
