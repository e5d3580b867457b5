// candid enroll COLLECTION PATHS...

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>

#include "apps/command.h"
#include "apps/enroll.h"
#include "apps/interrupt.h"
#include "apps/open.h"
#include "apps/progress.h"
#include "apps/terminal.h"
#include "candid/base/cores.h"

namespace candid::apps {
namespace {

struct Arguments {
  std::string collection;
  std::vector<std::string> paths;
  std::string external_id = "none";
  std::string quality = "auto";
  std::size_t max_faces = 0;
  std::size_t jobs = UsableCores();
  bool create = false;
};

ExternalId RuleOf(const std::string& name) {
  if (name == "folder") return ExternalId::kFolder;
  return name == "file" ? ExternalId::kFile : ExternalId::kNone;
}

collections::QualityFilter FilterOf(const std::string& name) {
  using collections::QualityFilter;
  if (name == "none") return QualityFilter::kNone;
  if (name == "low") return QualityFilter::kLow;
  if (name == "medium") return QualityFilter::kMedium;
  return name == "high" ? QualityFilter::kHigh : QualityFilter::kAuto;
}

void PrintJson(const std::string& collection, const EnrollReport& report) {
  boost::json::object left_out;
  for (const auto& [reason, count] : report.left_out) left_out[reason] = count;
  boost::json::array refused;
  for (const auto& [path, error] : report.refused) {
    refused.push_back({{"path", path.string()}, {"error", error.message()}});
  }
  std::puts(boost::json::serialize(boost::json::object{{"collection", collection},
                                                       {"files", report.files},
                                                       {"done", report.done},
                                                       {"enrolled", report.enrolled},
                                                       {"faces", report.faces},
                                                       {"present", report.present},
                                                       {"faceless", report.faceless},
                                                       {"not_photos", report.not_photos},
                                                       {"faces_left_out", left_out},
                                                       {"refused", refused}})
                .c_str());
}

// Refusals by their cause, with one example each.
std::vector<Row> RefusalRows(const EnrollReport& report) {
  std::map<std::string, std::pair<std::size_t, std::string>> causes;
  for (const auto& [path, error] : report.refused) {
    auto& [count, example] = causes[error.message()];
    if (count++ == 0) example = path.string();
  }
  std::vector<Row> rows;
  for (const auto& [cause, what] : causes) {
    rows.push_back({std::to_string(what.first), cause, what.second});
  }
  return rows;
}

void PrintTables(const EnrollReport& report) {
  const auto row = [](std::size_t count, const char* what) {
    return Row{std::to_string(count), what};
  };
  std::vector<Row> rows{row(report.enrolled, "enrolled"),
                        row(report.faces, "faces stored"),
                        row(report.present, "there already"),
                        row(report.faceless, "without a face worth storing"),
                        row(report.not_photos, "files that are no photos"),
                        row(report.refused.size(), "refused")};
  for (const auto& [reason, count] : report.left_out) {
    rows.push_back({std::to_string(count), fmt::format("faces left out: {}", reason)});
  }
  std::fputs(FormatTable({"photos", ""}, rows).c_str(), stdout);
  if (!report.refused.empty()) {
    std::fputs("\n", stdout);
    std::fputs(FormatTable({"refused", "why", "for example"}, RefusalRows(report)).c_str(), stdout);
  }
}

Status RunEnroll(const Context& context, const Arguments& arguments) {
  Interrupt interrupt;
  CANDID_ASSIGN(const auto files, ListFiles(arguments.paths, RuleOf(arguments.external_id)));
  CANDID_ASSIGN(const auto place, OpenWorkplace(context, store::Access::kWrite, Need::kPhotos));
  const auto found = place.collections->Describe(arguments.collection);
  if (!found && found.error().code() == Code::kNotFound && arguments.create) {
    CANDID_TRY(place.collections->Create({}, arguments.collection));
  } else if (!found) {
    return Fail(found.error().code(), found.error().message() + "; --create makes it");
  }
  EnrollOptions options{arguments.jobs, {}, FilterOf(arguments.quality)};
  if (arguments.max_faces > 0) options.max_faces = arguments.max_faces;
  Progress progress(files.size(), std::chrono::steady_clock::now());
  ProgressLine line;
  const auto tick = [&](const EnrollReport& so_far) {
    progress.Update(so_far.done, std::chrono::steady_clock::now());
    line.Show(fmt::format("{}  {} faces, {} refused", progress.Line(), so_far.faces,
                          so_far.refused.size()));
    return !interrupt.Came();
  };
  const auto report = Enroll(*place.collections, arguments.collection, files, options, tick);
  line.Clear();
  if (!report) return Fail(report.error());
  context.json ? PrintJson(arguments.collection, *report) : PrintTables(*report);
  if (report->done < report->files) {
    return Fail(Code::kCancelled,
                fmt::format("stopped after {} of {} files; everything so far is stored, and the "
                            "same command again goes on from here",
                            report->done, report->files));
  }
  if (report->refused.empty()) return {};
  return Fail(report->refused.front().second.code(),
              fmt::format("{} of {} files were refused", report->refused.size(), report->files));
}

}  // namespace

void AddEnroll(CLI::App* app, Context* context) {
  CLI::App* command = app->add_subcommand("enroll", "Put the faces of photos into a collection");
  command->footer(
      "\nFolders are searched through. Photos whose faces are stored already are skipped, so the "
      "same\ncommand goes on after Ctrl-C.\nExamples:\n  candid enroll staff --create "
      "--external-id folder photos/\n  candid enroll staff new/*.jpg --max-faces 1\n");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("collection", arguments->collection, "Collection to put them into")
      ->required();
  command->add_option("paths", arguments->paths, "JPEG and PNG files, and folders of them")
      ->required();
  command
      ->add_option("--external-id", arguments->external_id,
                   "What becomes the ExternalImageId: none, folder (name of the photo's folder) or "
                   "file (its name without the ending)")
      ->check(CLI::IsMember({"none", "folder", "file"}))
      ->capture_default_str();
  command
      ->add_option("--quality", arguments->quality,
                   "Faces to leave out: none, low, auto, medium, high (the best only)")
      ->check(CLI::IsMember({"none", "low", "auto", "medium", "high"}))
      ->capture_default_str();
  command->add_option("--max-faces", arguments->max_faces, "Of each photo; the best are taken")
      ->check(CLI::PositiveNumber);
  command->add_option("--jobs", arguments->jobs, "Photos at once")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_flag("--create", arguments->create, "Make the collection where it is missing");
  Run(command, context, [context, arguments] { return RunEnroll(*context, *arguments); });
}

}  // namespace candid::apps
