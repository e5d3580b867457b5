// candid doctor

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "apps/command.h"
#include "apps/doctor.h"
#include "apps/terminal.h"

namespace candid::apps {
namespace {

const char* NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kGood:
      return "good";
    case Verdict::kNote:
      return "note";
    case Verdict::kBroken:
      return "broken";
  }
  return "broken";
}

std::size_t Count(const std::vector<Finding>& findings, Verdict verdict) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(),
                    [verdict](const Finding& finding) { return finding.verdict == verdict; }));
}

std::string Things(std::size_t count, const char* what) {
  return fmt::format("{} {} {}", count, count == 1 ? "thing is" : "things are", what);
}

void PrintJson(const std::vector<Finding>& findings) {
  boost::json::array list;
  for (const Finding& finding : findings) {
    list.push_back({{"subject", finding.subject},
                    {"value", finding.value},
                    {"verdict", NameOf(finding.verdict)},
                    {"remedy", finding.remedy}});
  }
  std::puts(
      boost::json::serialize(boost::json::object{{"broken", Count(findings, Verdict::kBroken)},
                                                 {"notes", Count(findings, Verdict::kNote)},
                                                 {"findings", list}})
          .c_str());
}

void PrintTable(const std::vector<Finding>& findings) {
  std::vector<Row> rows;
  for (const Finding& finding : findings) {
    rows.push_back({NameOf(finding.verdict), finding.subject, finding.value});
    if (!finding.remedy.empty()) rows.push_back({"", "", "-> " + finding.remedy});
  }
  std::fputs(FormatTable({"verdict", "subject", "found"}, rows).c_str(), stdout);
  // What is broken is said by the command's end, as an error: after the table in a log too.
  std::fflush(stdout);
  if (Count(findings, Verdict::kBroken) > 0) return;
  const std::size_t notes = Count(findings, Verdict::kNote);
  std::printf("\nNothing is broken%s.\n",
              notes == 0 ? "" : ("; " + Things(notes, "worth a look")).c_str());
}

}  // namespace

void AddDoctor(CLI::App* app, Context* context) {
  CLI::App* command = app->add_subcommand(
      "doctor",
      "What is wrong on this machine, and how to mend it; fails when something is broken");
  command->footer("\nExamples:\n  candid doctor\n  candid doctor --json --port 9000\n");
  auto port = std::make_shared<std::uint16_t>(std::uint16_t{8600});
  command->add_option("--port", *port, "Port that the server would use")->capture_default_str();
  Run(command, context, [context, port]() -> Status {
    const std::vector<Finding> findings{ExamineProcessor(),
                                        ExamineMemory(),
                                        ExamineStateFolder(context->state),
                                        ExamineFreeSpace(context->state),
                                        ExamineFileLimit(),
                                        ExaminePort(*port),
                                        ExaminePhotoLimits(),
                                        ExamineModels(context->state),
                                        ExamineDatabase(context->state),
                                        ExamineKeys(context->state)};
    context->json ? PrintJson(findings) : PrintTable(findings);
    const std::size_t broken = Count(findings, Verdict::kBroken);
    if (broken == 0) return {};
    return Fail(Code::kUnavailable, Things(broken, "broken; after '->' is how to mend it"));
  });
}

}  // namespace candid::apps
