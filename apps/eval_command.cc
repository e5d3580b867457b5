// candid eval DIR

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <optional>

#include "apps/command.h"
#include "apps/enrol_dataset.h"
#include "apps/eval_output.h"
#include "apps/open.h"
#include "apps/progress.h"
#include "candid/decision/scale.h"

namespace candid::apps {
namespace {

constexpr double kSimilarityInUse = 80;  // the API's default

struct Arguments {
  std::string folder;
  Measuring measuring;
  eval::DatasetOptions labels;
  std::vector<float> thresholds;
  std::string out;
  int border_pct = 0;
  std::string fillers;
  std::string blufr;
  bool extrapolate = false;
  bool show_faces = false;
  eval::LiveUse live;
};

std::string CpuName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

// What shapes the figures, and nothing else: where the output goes does not.
std::string Command(const Arguments& arguments) {
  std::string command = "candid eval " + arguments.folder;
  for (const std::string& by : arguments.labels.by) command += fmt::format(" --by '{}'", by);
  for (const std::string& only : arguments.labels.only)
    command += fmt::format(" --only '{}'", only);
  for (const float t : arguments.thresholds) command += fmt::format(" --threshold {}", t);
  const Measuring& measuring = arguments.measuring;
  if (measuring.precision != "auto") command += " --precision " + measuring.precision;
  if (arguments.border_pct > 0) command += fmt::format(" --border {}", arguments.border_pct);
  if (!arguments.fillers.empty()) command += " --filler " + arguments.fillers;
  if (!arguments.blufr.empty()) command += " --blufr " + arguments.blufr;
  if (arguments.extrapolate) command += " --extrapolate";
  return command + fmt::format(" --watchlist {} --prevalence {} --seed {} --resamples {}",
                               arguments.live.watchlist, arguments.live.prevalence, measuring.seed,
                               measuring.resamples);
}

// Strangers to fill the gallery up with, and their hash.
struct Fillers {
  std::optional<eval::Enrolment> enrolment;
  std::string hash;
};

Result<Fillers> EnrolFillers(const Context& context, const face::Pipeline& pipeline,
                             infer::Precision precision, const Arguments& arguments) {
  Fillers fillers;
  if (arguments.fillers.empty()) return fillers;
  CANDID_ASSIGN(const eval::Dataset dataset, eval::ListDataset(arguments.fillers));
  CANDID_ASSIGN(fillers.enrolment, EnrolDataset(context, pipeline, precision, dataset,
                                                arguments.measuring, arguments.border_pct));
  fillers.hash = fmt::format("{} pictures, sha256 {}", dataset.images.size(),
                             eval::DataHash(dataset, *fillers.enrolment));
  return fillers;
}

void SetThresholds(const Arguments& arguments, const decision::Scale& scale,
                   eval::EvaluationOptions* options, eval::Provenance* provenance) {
  options->thresholds = arguments.thresholds;
  if (options->thresholds.empty()) {
    options->thresholds = {static_cast<float>(scale.ScoreOf(kSimilarityInUse))};
    provenance->threshold_name = fmt::format("similarity {:.0f}, the default", kSimilarityInUse);
  } else {
    provenance->threshold_name =
        fmt::format("similarity {:.1f}, as asked", scale.SimilarityOf(options->thresholds[0]));
  }
}

Status RunEval(const Context& context, const Arguments& arguments) {
  if (arguments.show_faces && arguments.out.empty()) {
    return Fail(Code::kInvalidArgument,
                "--show-faces writes a file of people's faces: say where with --out");
  }
  CANDID_ASSIGN(const eval::Dataset dataset, eval::ListDataset(arguments.folder, arguments.labels));
  std::optional<eval::ListedTrials> trials;
  if (!arguments.blufr.empty()) {
    CANDID_ASSIGN(trials, eval::ReadTrials(arguments.blufr, dataset));
  }
  face::PipelineOptions pipeline_options;
  CANDID_ASSIGN(pipeline_options.precision, infer::ParsePrecision(arguments.measuring.precision));
  CANDID_ASSIGN(const models::Pack pack, PackInUse(context));
  CANDID_ASSIGN(const auto pipeline, face::Pipeline::Create(pack, pipeline_options));
  const infer::Precision precision = pipeline_options.precision;
  CANDID_ASSIGN(const eval::Enrolment enrolment,
                EnrolDataset(context, *pipeline, precision, dataset, arguments.measuring,
                             arguments.border_pct));
  CANDID_ASSIGN(const Fillers fillers, EnrolFillers(context, *pipeline, precision, arguments));

  eval::EvaluationOptions options;
  eval::Provenance provenance;
  SetThresholds(arguments, ScaleOf(pack), &options, &provenance);
  options.bootstrap = arguments.measuring.bootstrap();
  options.fillers = fillers.enrolment ? &*fillers.enrolment : nullptr;
  options.trials = trials ? &*trials : nullptr;
  options.extrapolate = arguments.extrapolate;
  Result<eval::Evaluation> evaluation = [&] {
    ProgressLine line;
    return eval::Evaluate(dataset, enrolment, options,
                          [&](std::string_view stage) { line.Show(std::string(stage)); });
  }();
  if (!evaluation) return Fail(evaluation.error());

  provenance.command = Command(arguments);
  provenance.date = arguments.measuring.DateOrToday();
  provenance.model =
      fmt::format("{} {}, {}", pack.name, pipeline->version(), pipeline->model_hash());
  provenance.precision = infer::NameOf(precision);
  provenance.cpu = CpuName();
  provenance.data_hash = eval::DataHash(dataset, enrolment);
  provenance.fillers = fillers.hash;
  const eval::Document report =
      eval::MakeReport(dataset, enrolment, *evaluation, provenance, arguments.live);
  if (!arguments.out.empty()) {
    CANDID_TRY(WriteReport(arguments.out, report, dataset, enrolment, *evaluation));
  }
  if (arguments.show_faces) {
    CANDID_TRY(WriteFaces(arguments.out, dataset, enrolment, *evaluation));
  }
  PrintReport(report, context.json);
  return {};
}

}  // namespace

void AddEval(CLI::App* app, Context* context) {
  CLI::App* command = app->add_subcommand(
      "eval", "Measure the pack in use on labelled photos: how often, for whom");
  command->footer(
      "\nDIR holds a folder for each person (DIR/<person>/<photo>, or DIR/images/<person>/...), "
      "or\n"
      "photos of distinct people. subjects.tsv and images.tsv beside them name groups, pairs.tsv\n"
      "pairs; docs/evaluation.md says how. In each photo the face nearest its centre counts.\n"
      "Templates are kept in the state folder's eval/ so that a stopped evaluation goes on.\n"
      "Examples:\n"
      "  candid eval photos\n"
      "  candid eval photos --out report        # report/report.html, report.json, *.csv, *.log\n"
      "  candid eval chips --by 'sex*group' --only age=18-40,41-64,65+ --json\n"
      "  candid eval photos --filler strangers --extrapolate\n");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("folder", arguments->folder, "Folder of labelled photos")->required();
  command->add_option("--out", arguments->out, "Write the report and all tables into this folder");
  command->add_option("--by", arguments->labels.by,
                      "Group by this column, or columns crossed as 'sex*group'; all columns");
  command->add_option("--only", arguments->labels.only,
                      "Only photos whose COLUMN is one of VALUE,...: COLUMN=VALUE,...");
  command
      ->add_option("--threshold", arguments->thresholds,
                   "Scores to measure at, the first as the one in use; that of similarity 80")
      ->check(CLI::Range(-2.0, 2.0));
  command
      ->add_option("--border", arguments->border_pct,
                   "Frame photos that are cropped to the face, in percent of the longer side")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  command->add_option("--filler", arguments->fillers,
                      "Folder of photos of strangers, who join every gallery that is searched");
  command->add_option("--blufr", arguments->blufr,
                      "BLUFR's official trials as a table (docs/evaluation.md); drawn by the seed");
  command->add_flag("--extrapolate", arguments->extrapolate,
                    "Also carry false-match rates beyond the data, marked as such");
  command->add_flag(
      "--show-faces", arguments->show_faces,
      "Write faces.html into --out: the faces behind the worst errors, for you alone");
  command->add_option("--watchlist", arguments->live.watchlist, "People on it, for live use")
      ->check(CLI::Range(1.0, 1e9))
      ->capture_default_str();
  command
      ->add_option("--prevalence", arguments->live.prevalence, "Share of passers-by who are on it")
      ->check(CLI::Range(1e-9, 0.5))
      ->capture_default_str();
  AddMeasuring(command, &arguments->measuring);
  Run(command, context, [context, arguments] { return RunEval(*context, *arguments); });
}

}  // namespace candid::apps
