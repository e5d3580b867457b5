#include "apps/terminal.h"

#include <gtest/gtest.h>

namespace candid::apps {
namespace {

TEST(FormatTable, AlignsByWhatIsSeen) {
  EXPECT_EQ(FormatTable({"name", "n"}, {{"Zo\xC3\xAB", "1"}, {"longer", "22"}, {"x"}}),
            "name    n\n"
            "Zo\xC3\xAB     1\n"
            "longer  22\n"
            "x\n");
}

TEST(FormatTable, LeavesNoBlanksAtTheEnd) {
  EXPECT_EQ(FormatTable({"a", "b"}, {{"1", ""}}), "a  b\n1\n");
}

TEST(FormatBytes, PicksTheUnit) {
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(1536), "1.5 KiB");
  EXPECT_EQ(FormatBytes(5.0 * 1024 * 1024 * 1024), "5.0 GiB");
}

}  // namespace
}  // namespace candid::apps
