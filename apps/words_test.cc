#include "apps/words.h"

#include <gtest/gtest.h>

namespace candid::apps {
namespace {

TEST(Words, SayRates) {
  EXPECT_EQ(OneIn(0.76), "76 %");
  EXPECT_EQ(OneIn(0.02), "1 in 50");
  EXPECT_EQ(OneIn(1e-3), "1 in 1 thousand");
  EXPECT_EQ(OneIn(1.0001e-3), "1 in 1 thousand") << "not 1e+03";
  EXPECT_EQ(OneIn(1.00001e-6), "1 in 1 million");
  EXPECT_EQ(OneIn(2e-5), "1 in 50 thousand");
  EXPECT_EQ(OneIn(1e-8), "1 in 100 million");
  EXPECT_EQ(InWords(std::optional<decision::StatedRate>()), "");
  EXPECT_EQ(InWords(decision::StatedRate{1e-9, {}, decision::Basis::kBound, ""}),
            "under 1 in 1000 million");
  EXPECT_EQ(InWords(decision::StatedRate{0.02, {}, decision::Basis::kExtrapolated, ""}),
            "1 in 50 *");
}

TEST(Words, SayTerms) {
  decision::Terms terms;
  terms.similarity = 80;
  EXPECT_NE(InWords(terms).find("calibration: none"), std::string::npos);
  terms.promised = true;
  terms.rate = decision::StatedRate{1e-4, {}, decision::Basis::kMeasured, "tall people"};
  terms.expected_false_matches = 0.25;
  terms.warning = "too many.";
  EXPECT_EQ(InWords(terms),
            "threshold: similarity 80, by the collection's promise\n"
            "strangers who reach it: 1 in 10 thousand of the worst measured group (tall people)\n"
            "wrong matches to expect of one search: 0.25\n"
            "warning: too many.\n");
  terms.rate->basis = decision::Basis::kExtrapolated;
  EXPECT_NE(InWords(terms).find(kExtrapolatedNote), std::string::npos);
}

}  // namespace
}  // namespace candid::apps
