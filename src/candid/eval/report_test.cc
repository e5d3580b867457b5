#include "candid/eval/report.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "candid/eval/nist_logs.h"
#include "candid/eval/testing_scores.h"

namespace candid::eval {
namespace {

// A data set that was enrolled without pictures.
struct Enrolled {
  Dataset dataset;
  Enrolment enrolment;
};

Enrolled Make(const TestSet& set, std::uint32_t people) {
  Enrolled out;
  out.dataset.subjects = people;
  out.enrolment.dimension = set.dimension;
  out.enrolment.values = set.values;
  out.enrolment.subjects = set.subjects;
  out.enrolment.figures.resize(set.size());
  out.enrolment.failed = set.failed;
  Grouping grouping{"sex", {"female", "male"}, {}};
  for (std::uint32_t i = 0; i < set.size(); ++i) {
    out.dataset.images.push_back(
        {{}, fmt::format("p{}/a {}.jpg", set.subjects[i], i), set.subjects[i]});
    grouping.of_image.push_back(static_cast<std::uint16_t>(set.subjects[i] % 2));
    Sample& sample = out.enrolment.samples.emplace_back();
    sample.outcome = set.failed[i] != 0 ? Outcome::kFaceless : Outcome::kEnrolled;
    sample.box = {0, 0, static_cast<float>(i % 200), 100};
    out.enrolment.digests.push_back(Sha256(AsBytes(out.dataset.images.back().name)));
    out.enrolment.faceless += set.failed[i];
  }
  out.dataset.groupings.push_back(std::move(grouping));
  return out;
}

Document Report(const Enrolled& in, std::size_t jobs = 1, EvaluationOptions options = {}) {
  options.thresholds = {0.4F};
  options.bootstrap = {1, 30, jobs};
  const auto evaluation = Evaluate(in.dataset, in.enrolment, options, [](std::string_view) {});
  EXPECT_TRUE(evaluation) << evaluation.error().message();
  return MakeReport(in.dataset, in.enrolment, *evaluation,
                    {"candid eval x", "2026-01-01", "m", "f32", "cpu",
                     DataHash(in.dataset, in.enrolment), "similarity 80"},
                    {});
}

const Table* Find(const Document& document, const std::string& id) {
  for (const Section& section : document.sections) {
    for (const Table& table : section.tables) {
      if (table.id == id) return &table;
    }
  }
  return nullptr;
}

TEST(ReportTest, TheSameRunGivesTheSameBytesOnAnyNumberOfThreads) {
  const Enrolled in = Make(RandomSet(240, 70, 24, 2), 70);
  EXPECT_EQ(ToHtml(Report(in, 1)), ToHtml(Report(in, 3)));
  EXPECT_EQ(ToJson(Report(in, 1)), ToJson(Report(in, 2)));
}

TEST(ReportTest, HasEveryPart) {
  const Document report = Report(Make(RandomSet(240, 70, 24, 2), 70));
  for (const char* id : {"data", "failures_by_group", "verification", "searches", "growth", "ranks",
                         "group_measures", "fairness", "search_groups"}) {
    EXPECT_NE(Find(report, id), nullptr) << id;
  }
  for (const Section& section : report.sections) {
    for (const Table& table : section.tables) {
      for (const auto& row : table.rows) EXPECT_EQ(row.size(), table.columns.size()) << table.id;
    }
  }
  EXPECT_GE(report.headline.size(), 3U);
  EXPECT_TRUE(boost::json::parse(ToJson(report)).is_object());
}

TEST(ReportTest, SaysWhatIsExtrapolatedAndOnlyWhenAsked) {
  const Enrolled in = Make(RandomSet(600, 300, 24, 2), 300);
  EXPECT_EQ(Find(Report(in), "extrapolation"), nullptr);
  EvaluationOptions options;
  options.extrapolate = true;
  const Document report = Report(in, 2, options);
  const Table* table = Find(report, "extrapolation");
  ASSERT_NE(table, nullptr);
  ASSERT_GE(table->rows.size(), 3U);  // 179,000 pairs count 1e-3 and no rarer power of ten
  for (const auto& row : table->rows) {
    EXPECT_EQ(row[1].text.starts_with("extrapolated"), row[0].text != "1e-3") << row[0].text;
  }
  EXPECT_NE(ToHtml(report).find("Extrapolated, not measured"), std::string::npos);
  EXPECT_NE(ToJson(report).find("extrapolated: too few to count"), std::string::npos);
}

TEST(ReportTest, HasTheTrialsAndTheFillers) {
  const Enrolled in = Make(RandomSet(600, 250, 24, 2), 250);
  const Document plain = Report(in);
  const Table* blufr = Find(plain, "blufr");
  ASSERT_NE(blufr, nullptr);
  EXPECT_EQ(blufr->rows.size(), 2U);
  const Enrolled fillers = Make(RandomSet(90, 40, 24, 9), 40);
  EvaluationOptions options;
  options.fillers = &fillers.enrolment;
  const Document filled = Report(in, 1, options);
  EXPECT_GT(Find(filled, "growth")->rows.front().front().value,
            Find(plain, "growth")->rows.front().front().value);
  // The same pictures as in the data set are no strangers.
  options.fillers = &in.enrolment;
  const Document doubles = Report(in, 1, options);
  EXPECT_EQ(Find(doubles, "growth")->rows.front().front().value,
            Find(plain, "growth")->rows.front().front().value);
}

TEST(ReportTest, TheFirstPageSaysPerFaceAndPerAlert) {
  const Document report = Report(Make(RandomSet(240, 70, 24, 2), 70));
  const auto live = std::find_if(
      report.headline.begin(), report.headline.end(),
      [](const std::string& line) { return line.starts_with("Live, with a watchlist of 1,000"); });
  ASSERT_NE(live, report.headline.end());
  EXPECT_NE(live->find("per 1,000 faces seen"), std::string::npos);
  EXPECT_NE(live->find("of all alerts are wrong"), std::string::npos);
}

TEST(ReportTest, ReportsTheRestWhereAPartCannotBeMeasured) {
  // Distinct people, too few to halve: no mated pairs, no search.
  TestSet set = RandomSet(12, 12, 24, 2);
  Enrolled in = Make(set, 12);
  in.dataset.flat = true;
  const Document report = Report(in);
  EXPECT_EQ(Find(report, "searches"), nullptr);
  EXPECT_NE(Find(report, "verification"), nullptr);
  ASSERT_FALSE(report.notes.empty());
  EXPECT_NE(report.notes[0].find("1:N"), std::string::npos);
  // One person only.
  set.subjects.assign(12, 0);
  const Document alone = Report(Make(set, 1));
  EXPECT_EQ(Find(alone, "verification"), nullptr);
  EXPECT_NE(Find(alone, "data"), nullptr);
  EXPECT_EQ(alone.notes.size(), 2U);
}

TEST(ReportTest, TheDataHashKnowsNamesLabelsAndContents) {
  const Enrolled in = Make(RandomSet(20, 5, 8, 1), 5);
  const std::string hash = DataHash(in.dataset, in.enrolment);
  EXPECT_EQ(DataHash(in.dataset, in.enrolment), hash);
  Enrolled other = in;
  other.dataset.groupings[0].of_image[3] = kNoGroup;
  EXPECT_NE(DataHash(other.dataset, other.enrolment), hash);
  other = in;
  other.enrolment.digests[2][0] ^= 1;
  EXPECT_NE(DataHash(other.dataset, other.enrolment), hash);
}

TEST(ReportTest, LogsHaveTheRowsThatNistCounts) {
  const Enrolled in = Make(RandomSet(120, 40, 24, 2), 40);
  EvaluationOptions options;
  options.thresholds = {0.4F};
  options.bootstrap = {1, 5, 1};
  const auto evaluation = Evaluate(in.dataset, in.enrolment, options, [](std::string_view) {});
  ASSERT_TRUE(evaluation);
  const auto lines = [](const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  };
  const std::string enrolled = EnrolmentLog(in.dataset, in.enrolment);
  EXPECT_EQ(lines(enrolled), 1 + in.dataset.images.size());
  EXPECT_NE(enrolled.find("/a_7.jpg 96 0 1 1 "), std::string::npos);  // 24 floats, no blank
  EXPECT_EQ(lines(CandidateLog(in.enrolment, *evaluation)),
            1 + 20 * evaluation->searches->searches.size());
  const std::string matches = MatchLog(*evaluation);
  EXPECT_EQ(lines(matches), 1 + evaluation->scores.mated.size() + evaluation->scores.tail.size());
  EXPECT_NE(matches.find(" -1 7\n"), std::string::npos);
}

}  // namespace
}  // namespace candid::eval
