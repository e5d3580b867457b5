#include "candid/eval/tsv.h"

#include <gtest/gtest.h>

namespace candid::eval {
namespace {

TEST(TsvTest, ReadsCellsAndFindsColumns) {
  const auto table = ParseTsv("\xEF\xBB\xBFsubject\tsex\r\na\t female \r\n\nb\t\n", "t");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->Column("sex"), 1u);
  EXPECT_FALSE(table->Column("age"));
  ASSERT_EQ(table->rows.size(), 2u);
  EXPECT_EQ(table->rows[0][1], "female");
  EXPECT_EQ(table->rows[1][1], "");
}

TEST(TsvTest, NamesTheLineThatIsWrong) {
  for (const char* text : {"", "\n\n", "a\ta\n", "a\t\n", "a\tb\nx\n", "a\nx\ty\n"}) {
    const auto table = ParseTsv(text, "t.tsv");
    ASSERT_FALSE(table) << text;
    EXPECT_EQ(table.error().code(), Code::kMalformed);
  }
  const auto table = ParseTsv("a\tb\n1\t2\n\n1\n", "t.tsv");
  EXPECT_NE(table.error().message().find("t.tsv, line 4"), std::string::npos);
}

}  // namespace
}  // namespace candid::eval
