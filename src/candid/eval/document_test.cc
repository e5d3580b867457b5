#include "candid/eval/document.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>

#include "candid/eval/plot.h"

namespace candid::eval {
namespace {

Document Small() {
  Document document;
  document.title = "A & B";
  document.facts = {{"Command", "candid eval <folder>"}};
  document.headline = {"One \"sentence\"."};
  document.notes = {"a note"};
  Table table{"rates", "Rates", "how", {"group", "errors", "FMR", "score"}, {}, false};
  table.rows.push_back({Cell::Text("=a,\"b\""), Cell::Count(3), Cell::Rate({0.004, {0.002, 0.01}}),
                        Cell::Score(0.5)});
  table.rows.push_back({Cell::Text("c"), Cell::Count(0), Cell::Rate({0, {0, 0}}, 0, 3000),
                        Cell::Score(std::nan(""))});
  document.sections.push_back({"Section", {"words"}, {table}, {{"Plot", "", "<svg></svg>"}}});
  return document;
}

TEST(DocumentTest, ShowsFiguresAsPeopleReadThem) {
  EXPECT_EQ(Show(Cell::Rate({0.0043, {0.0031, 0.0056}})), "0.43 % (0.31 to 0.56)");
  EXPECT_EQ(Show(Cell::Rate({0.002, {0.0002, 0.004}})), "0.20 % (0.020 to 0.40)");
  EXPECT_EQ(Show(Cell::Rate(1e-5)), "1.0e-5");
  EXPECT_EQ(Show(Cell::Rate(3.47e-6)), "3.5e-6");
  EXPECT_EQ(Show(Cell::Rate(0.99964)), "99.964 %");
  EXPECT_EQ(Show(Cell::Ratio(4.07, {2.9, 118})), "4.07 (2.9 to 118)");
  EXPECT_EQ(Show(Cell::Score(std::nan(""))), "-");
  EXPECT_EQ(Show(Cell::Count(12)), "12");
  EXPECT_EQ(ShowCount(999), "999");
  EXPECT_EQ(ShowCount(21362953), "21,362,953");
}

TEST(DocumentTest, NeverShowsZeroErrorsAsZero) {
  EXPECT_EQ(Show(Cell::Rate({0, {0, 0}}, 0, 3000)), "none seen; below 0.10 %");
  EXPECT_EQ(Show(Cell::Rate({0, {0, 0}}, 0, 0)), "-");
  EXPECT_EQ(Show(Cell::Rate({0.5, {0.4, 0.6}}, 3, 6)), "50.00 % (40.00 to 60.00)");
}

TEST(DocumentTest, JsonCarriesFiguresAndIntervals) {
  const auto json = boost::json::parse(ToJson(Small())).as_object();
  const auto& rows = json.at("tables").at("rates").as_array();
  EXPECT_EQ(rows[0].at("fmr").as_double(), 0.004);
  EXPECT_EQ(rows[0].at("fmr_high").as_double(), 0.01);
  EXPECT_EQ(rows[0].at("errors").to_number<int>(), 3);
  EXPECT_TRUE(rows[1].at("fmr").is_null());
  EXPECT_DOUBLE_EQ(rows[1].at("fmr_high").as_double(), 1e-3);
  EXPECT_TRUE(rows[1].at("score").is_null());
  EXPECT_EQ(json.at("facts").at("command").as_string(), "candid eval <folder>");
}

TEST(DocumentTest, CsvQuotesAndDisarmsFormulas) {
  EXPECT_EQ(ToCsv(Small().sections[0].tables[0]),
            "group,errors,FMR,FMR low,FMR high,score\r\n"
            "\"'=a,\"\"b\"\"\",3,0.004,0.002,0.01,0.5\r\n"
            "c,0,,0,0.001,\r\n");
}

TEST(DocumentTest, HtmlStandsAlone) {
  const std::string html = ToHtml(Small());
  EXPECT_EQ(html, ToHtml(Small()));
  EXPECT_NE(html.find("A &amp; B"), std::string::npos);
  EXPECT_NE(html.find("candid eval &lt;folder&gt;"), std::string::npos);
  for (const char* foreign : {"<script", "src=", "href=", "url(", "@import"}) {
    EXPECT_EQ(html.find(foreign), std::string::npos) << foreign;
  }
  EXPECT_NE(html.find("prefers-color-scheme:dark"), std::string::npos);
  EXPECT_NE(html.find("@media print"), std::string::npos);
}

TEST(PlotTest, LeavesOutWhatIsNotFinite) {
  const double none = std::nan("");
  const std::string svg =
      PlotCurves({{"a", {{1e-3, 0.1, 0.05, 0.2}, {none, 0.1, 0, 1}, {1e-2, none, 0, 1}}, true}},
                 {"x", 1e-4, 1e-1, true}, {"y<", 1e-3, 1, true});
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_NE(svg.find("y&lt;"), std::string::npos);
  EXPECT_EQ(svg.find("<circle"), svg.rfind("<circle"));
  const std::string whiskers = PlotWhiskers({{"g", {0.01, 0, 0.005, 0.02}, false}}, "FMR", 0.01);
  EXPECT_NE(whiskers.find("class=\"mark\""), std::string::npos);
  EXPECT_EQ(PlotHeatMap({"a"}, {{none}}).find("nan"), std::string::npos);
}

}  // namespace
}  // namespace candid::eval
