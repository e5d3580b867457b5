#include "candid/decision/calibration.h"

#include <gtest/gtest.h>

#include "candid/decision/testing_tables.h"

namespace candid::decision {
namespace {

Result<Calibration> Parse(const std::string& text) {
  return ParseCalibration(AsBytes(text), "calibration.toml");
}

// The good table with one thing changed.
std::string With(const std::string& from, const std::string& to) {
  std::string text = FormatCalibration(TwoGroups());
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

TEST(Calibration, ComesBackAsItWasWritten) {
  Calibration table = TwoGroups();
  table.decline_below_age = 15.3;
  table.groups[0].tail = {{0.7, -0.125, 0.04, 1e-5}};
  for (const RatePoint& point : table.groups[0].points) {
    table.groups[0].misses.push_back({point.score / 10, {0.001, 0.5}});
  }
  table.groups[0].mated_pairs = 77;
  table.groups[1].ages = {158, 2};
  const auto read = Parse(FormatCalibration(table));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(FormatCalibration(*read), FormatCalibration(table));
  EXPECT_EQ(read->pack, "test-pack");
  EXPECT_EQ(read->command, table.command);
  EXPECT_EQ(read->decline_below_age, 15.3);
  EXPECT_EQ(read->data[0].left_out, 2u);
  EXPECT_EQ(read->growth.sizes, table.growth.sizes);
  ASSERT_EQ(read->groups.size(), 2u);
  EXPECT_EQ(read->groups[0].mated_pairs, 77u);
  EXPECT_NEAR(read->groups[0].tail->shape, -0.125, 1e-9);
  EXPECT_NEAR(read->groups[0].misses[1].fnmr, 0.045, 1e-6);
  EXPECT_NEAR(read->groups[1].points[1].score, 0.52, 1e-6);
  EXPECT_DOUBLE_EQ(read->groups[1].points[1].fmr, 1e-3);
  EXPECT_FALSE(read->groups[1].tail);
  EXPECT_FALSE(read->groups[0].ages);
  ASSERT_TRUE(read->groups[1].ages);
  EXPECT_EQ(read->groups[1].ages->estimated, 158u);
  EXPECT_EQ(read->groups[1].ages->declined, 2u);
}

TEST(Calibration, NamesWhatIsWrong) {
  const struct {
    const char* from;
    const char* to;
    const char* says;
  } cases[] = {
      {"format = 1", "format = 2", "format wants 1"},
      {"format = 1", "", "format wants 1"},
      {"pack = \"test-pack\"", "pack = \"\"", "pack wants one line"},
      {"pack = ", "pakc = ", "pakc is no member"},
      {"limit = 1.000000e-09", "limit = 1e-3", "limit wants a number"},
      {"limit = 1.000000e-09", "limit = nan", "limit wants a number"},
      {"limit = 1.000000e-09", "limit = 1e-8", "group 1.points must reach"},
      {"people = 1000", "people = -1", "data 1.people wants a whole number"},
      {"people = 1000", "people = 1e3", "data 1.people wants a whole number"},
      {"people = 1000", "people = 9223372036854775807", "data 1.people wants a whole number"},
      {"name = \"all\"", "name = \"every\"", "group 1 must be named all"},
      {"name = \"worse\"", "name = \"all\"", "two groups are named all"},
      {"[1.000000e-03, 0.450000", "[1.000000e-03, 0.340000", "group 1.points wants"},
      {"[1.000000e-03, 0.450000", "[1.000000e-02, 0.450000", "group 1.points wants"},
      {"[1.000000e-03, 0.450000", "[1.000000e-03, nan", "group 1.points wants"},
      {"[1.000000e-03, 0.450000", "[1.000000e-03, 0.490000", "group 1.points wants"},
      {"[1.000000e-03, 0.450000", "[0, 0.450000", "group 1.points wants"},
      {"[1.000000e-03, 0.450000, ", "[1.000000e-03, 0.450000, 0, ", "lists of 4 numbers"},
      {"points = [", "points = [] \n wrong = [", "wrong is no member"},
      {"measured_to = 1e-05", "measured_to = 9e-7", "a rate of less than 30 pairs"},
      {"groups = 2", "groups = 3", "a part of the file is missing"},
      {"factor = 0.8000", "factor = 0", "growth.factor wants"},
      {"factor = 0.8000", "factor = 0.95", "growth wants low"},
      {"sizes = [1441", "sizes = [0", "growth.sizes wants"},
      {"[growth]", "[grown]", "grown is no member"},
      {"[growth]", "[ages]\ndecline_below = 99\n[growth]", "ages.decline_below wants"},
      {"[growth]", "[ages]\n[growth]", "ages.decline_below wants"},
      {"points = [", "ages = { estimated = 1, declined = 2 }\npoints = [", "declines more than"},
      {"points = [", "ages = { declined = 2 }\npoints = [", "ages.estimated wants"},
      {"[[data]]", "[datum]", "datum is no member"},
      {"test-pack", "t\xC3\xA9st", "ASCII"},
      {"format = 1", "format = = 1", "line 2"},
  };
  for (const auto& one : cases) {
    const auto read = Parse(With(one.from, one.to));
    ASSERT_FALSE(read) << one.to;
    EXPECT_EQ(read.error().code(), Code::kMalformed);
    EXPECT_NE(read.error().message().find(one.says), std::string::npos) << read.error().message();
    EXPECT_EQ(read.error().message().rfind("calibration.toml", 0), 0u);
  }
}

TEST(Calibration, RefusesWhateverIsCutShort) {
  const std::string whole = FormatCalibration(TwoGroups());
  // The last group's last bracket and line end may go; nothing else.
  for (std::size_t size = 0; size + 3 < whole.size(); size += 7) {
    EXPECT_FALSE(Parse(whole.substr(0, size))) << size;
  }
}

TEST(Calibration, BoundsItsLists) {
  std::string many = FormatCalibration(TwoGroups());
  const std::string group = many.substr(many.rfind("\n[[group]]"));
  for (std::size_t i = 0; i < kMaxCalibrationGroups; ++i) {
    std::string one = group;
    one.replace(one.find("worse"), 5, std::to_string(i));
    many += one;
  }
  many.replace(many.find("groups = 2"), 10, "groups = 130");
  const auto read = Parse(many);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message().find("a list of 1 to 128"), std::string::npos);
  EXPECT_FALSE(Parse("a = " + std::string(100000, '[')));
}

}  // namespace
}  // namespace candid::decision
