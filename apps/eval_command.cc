// candid eval DIR

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>
#include <thread>

#include "apps/command.h"
#include "apps/interrupt.h"
#include "apps/open.h"
#include "apps/progress.h"
#include "apps/terminal.h"
#include "candid/eval/enrolment.h"

namespace candid::apps {
namespace {

struct Arguments {
  std::string folder;
  std::string precision = "auto";
  std::uint64_t seed = 1;
  int resamples = 1000;
  std::size_t jobs = std::max(1u, std::thread::hardware_concurrency());
};

struct Evaluation {
  std::string model_hash;
  infer::Precision precision = infer::Precision::kF32;
  std::uint32_t subjects = 0;
  eval::Enrolment enrolment;
  eval::VerificationReport report;
};

void PrintJson(const Evaluation& evaluation, const Arguments& arguments) {
  boost::json::array points;
  for (const eval::OperatingPoint& point : evaluation.report.points) {
    boost::json::object json{{"fmr", *point.asked_fmr}};
    if (point.reach == eval::Reach::kMeasured) {
      json["threshold"] = point.threshold.value;
      json["false_matches"] = point.false_matches;
      json["fnmr"] = point.fnmr.value;
      json["fnmr_95"] = {point.fnmr.interval.low, point.fnmr.interval.high};
      json["fnmr_by_subject"] = point.fnmr_by_subject.value;
      json["fnmr_by_subject_95"] = {point.fnmr_by_subject.interval.low,
                                    point.fnmr_by_subject.interval.high};
    }
    points.push_back(std::move(json));
  }
  const eval::Enrolment& enrolment = evaluation.enrolment;
  std::puts(boost::json::serialize(
                boost::json::object{{"model_hash", evaluation.model_hash},
                                    {"precision", infer::NameOf(evaluation.precision)},
                                    {"images", enrolment.failed.size()},
                                    {"subjects", evaluation.subjects},
                                    {"undecodable", enrolment.undecodable},
                                    {"faceless", enrolment.faceless},
                                    {"with_bystanders", enrolment.bystanders},
                                    {"mated_pairs", evaluation.report.mated_pairs},
                                    {"impostor_pairs", evaluation.report.impostor_pairs},
                                    {"seed", arguments.seed},
                                    {"resamples", arguments.resamples},
                                    {"points", points}})
                .c_str());
}

// The share accepted, of the share missed.
std::string Share(const eval::Estimate& missed) {
  return fmt::format("{:.2f} %  ({:.2f} to {:.2f})", 100 - missed.value * 100,
                     100 - missed.interval.high * 100, 100 - missed.interval.low * 100);
}

void PrintTables(const Evaluation& evaluation) {
  const eval::Enrolment& enrolment = evaluation.enrolment;
  const auto row = [](const char* what, const auto& value) {
    return Row{what, fmt::format("{}", value)};
  };
  std::fputs(
      FormatTable({"all pairs", ""},
                  {row("model", evaluation.model_hash),
                   row("precision", infer::NameOf(evaluation.precision)),
                   row("images", enrolment.failed.size()), row("subjects", evaluation.subjects),
                   row("failed: not decodable", enrolment.undecodable),
                   row("failed: no face found", enrolment.faceless),
                   row("with more faces than one", enrolment.bystanders),
                   row("mated pairs", evaluation.report.mated_pairs),
                   row("impostor pairs", evaluation.report.impostor_pairs)})
          .c_str(),
      stdout);
  std::vector<Row> rows;
  for (const eval::OperatingPoint& point : evaluation.report.points) {
    Row& cells = rows.emplace_back(Row{fmt::format("{:.0e}", *point.asked_fmr)});
    if (point.reach != eval::Reach::kMeasured) {
      cells.push_back("too few impostor pairs");
      continue;
    }
    cells.push_back(fmt::format("{:.4f}", point.threshold.value));
    cells.push_back(std::to_string(point.false_matches));
    cells.push_back(Share(point.fnmr));
    cells.push_back(Share(point.fnmr_by_subject));
  }
  std::fputs("\n", stdout);
  std::fputs(FormatTable({"FMR", "threshold", "false matches", "TAR by pairs (95 %)",
                          "TAR by subject (95 %)"},
                         rows)
                 .c_str(),
             stdout);
  std::fputs(
      "\nFailures count against us. Intervals: bootstrap over subjects, threshold set anew.\n",
      stdout);
}

Status RunEval(const Context& context, const Arguments& arguments) {
  Interrupt interrupt;
  CANDID_ASSIGN(const eval::Dataset dataset, eval::ListDataset(arguments.folder));
  Evaluation evaluation;
  evaluation.subjects = dataset.subjects;
  CANDID_ASSIGN(evaluation.precision, infer::ParsePrecision(arguments.precision));
  CANDID_ASSIGN(const models::Pack pack, PackInUse(context));
  face::PipelineOptions pipeline_options;
  pipeline_options.precision = evaluation.precision;
  CANDID_ASSIGN(const auto pipeline, face::Pipeline::Create(pack, pipeline_options));
  evaluation.model_hash = pipeline->model_hash();
  Progress progress(dataset.images.size(), std::chrono::steady_clock::now());
  ProgressLine line;
  const auto tick = [&](std::size_t done) {
    progress.Update(done, std::chrono::steady_clock::now());
    line.Show(progress.Line());
    return !interrupt.Came();
  };
  const auto cache = eval::TemplateCache::Open(
      context.state / "eval", {pipeline->model_hash(), std::string(NameOf(evaluation.precision)),
                               pipeline->dimension(), 0});
  if (!cache) return Fail(cache.error());
  auto enrolment = eval::EnrolAll(*pipeline, dataset, {arguments.jobs, 0, cache->get()}, tick);
  line.Clear();
  if (!enrolment) return Fail(enrolment.error());
  evaluation.enrolment = std::move(*enrolment);
  eval::PairScoreOptions scoring;
  scoring.jobs = arguments.jobs;
  CANDID_ASSIGN(const eval::PairScores scores,
                eval::ScoreAllPairs(evaluation.enrolment.view(), scoring));
  eval::VerificationOptions options;
  options.bootstrap = {arguments.seed, arguments.resamples, arguments.jobs};
  CANDID_ASSIGN(evaluation.report, eval::Verify({&scores,
                                                 evaluation.enrolment.subjects,
                                                 evaluation.enrolment.failed,
                                                 dataset.groupings,
                                                 {}},
                                                options));
  context.json ? PrintJson(evaluation, arguments) : PrintTables(evaluation);
  return {};
}

}  // namespace

void AddEval(CLI::App* app, Context* context) {
  CLI::App* command =
      app->add_subcommand("eval", "Measure the pack in use on labelled photos, all pairs");
  command->footer(
      "\nDIR holds a folder for each subject, or a folder images/ with them. In each photo the "
      "face "
      "nearest\nits centre is the subject's. Nothing is stored.\nExamples:\n"
      "  candid eval lfw-dev\n  candid eval lfw-dev --precision f32 --json > lfw.json\n");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("folder", arguments->folder, "Folder of labelled photos")->required();
  command
      ->add_option("--precision", arguments->precision,
                   "auto, f32, or bf16; auto is what the server takes on this machine")
      ->check(CLI::IsMember({"auto", "f32", "bf16"}))
      ->capture_default_str();
  command->add_option("--seed", arguments->seed, "Of the bootstrap")->capture_default_str();
  command->add_option("--resamples", arguments->resamples, "Of the bootstrap")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command->add_option("--jobs", arguments->jobs, "Photos at once")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  Run(command, context, [context, arguments] { return RunEval(*context, *arguments); });
}

}  // namespace candid::apps
