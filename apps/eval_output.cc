#include "apps/eval_output.h"

#include <fmt/format.h>

#include <cstdio>

#include "apps/terminal.h"
#include "candid/base/files.h"
#include "candid/eval/contact_sheet.h"
#include "candid/eval/nist_logs.h"

namespace candid::apps {
namespace {

void Print(const std::string& text) { std::fputs(text.c_str(), stdout); }

// Names and templates' scores of people: for the owner alone.
Status Write(const std::filesystem::path& path, const std::string& text) {
  return WriteFileDurably(path, AsBytes(text), FileMode::kSecret);
}

}  // namespace

void PrintReport(const eval::Document& report, bool json) {
  if (json) return Print(eval::ToJson(report));
  for (const std::string& sentence : report.headline) Print(sentence + "\n\n");
  std::vector<Row> facts;
  for (const auto& [name, value] : report.facts) facts.push_back({name, value});
  Print(FormatTable({"", ""}, facts));
  for (const std::string& note : report.notes) Print("Note: " + note + "\n");
  for (const eval::Section& section : report.sections) {
    for (const eval::Table& table : section.tables) {
      if (table.full_only) continue;
      std::vector<Row> rows;
      for (const auto& cells : table.rows) {
        Row& row = rows.emplace_back();
        for (const eval::Cell& cell : cells) row.push_back(eval::Show(cell));
      }
      Print("\n" + table.title + "\n" + FormatTable(table.columns, rows));
    }
  }
}

Status WriteReport(const std::filesystem::path& folder, const eval::Document& report,
                   const eval::Dataset& dataset, const eval::Enrolment& enrolment,
                   const eval::Evaluation& evaluation) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return Fail(Code::kIo,
                fmt::format("cannot make the folder {}: {}", folder.string(), error.message()));
  }
  CANDID_TRY(Write(folder / "report.html", eval::ToHtml(report)));
  CANDID_TRY(Write(folder / "report.json", eval::ToJson(report)));
  for (const eval::Section& section : report.sections) {
    for (const eval::Table& table : section.tables) {
      CANDID_TRY(Write(folder / (table.id + ".csv"), eval::ToCsv(table)));
    }
  }
  CANDID_TRY(Write(folder / "enrol.log", eval::EnrolmentLog(dataset, enrolment)));
  CANDID_TRY(Write(folder / "match.log", eval::MatchLog(evaluation)));
  if (!evaluation.searches) return {};
  return Write(folder / "candidates.log", eval::CandidateLog(enrolment, evaluation));
}

Status WriteFaces(const std::filesystem::path& folder, const eval::Dataset& dataset,
                  const eval::Enrolment& enrolment, const eval::Evaluation& evaluation) {
  const std::filesystem::path path = folder / "faces.html";
  CANDID_TRY(Write(path, eval::ContactSheet(dataset, enrolment, evaluation)));
  std::fputs(fmt::format("candid: {} holds faces and names of people. Only you can read it; delete "
                         "it when you have looked.\n",
                         path.string())
                 .c_str(),
             stderr);
  return {};
}

}  // namespace candid::apps
