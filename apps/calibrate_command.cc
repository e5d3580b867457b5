// candid calibrate SET...

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>

#include "apps/command.h"
#include "apps/enrol_dataset.h"
#include "apps/open.h"
#include "apps/progress.h"
#include "apps/terminal.h"
#include "candid/base/files.h"
#include "candid/decision/scale.h"
#include "candid/eval/calibrate.h"
#include "candid/eval/halves.h"

namespace candid::apps {
namespace {

const std::vector<double> kHalfRates = {1e-2, 1e-3, 1e-4, 1e-5};

struct Arguments {
  std::vector<std::string> sets;
  std::string out;
  Measuring measuring;
  bool check_halves = false;
  double limit = 1e-9;
  double decline_below_age = 0;  // 0: none is declined
};

// A data set as the command line names it: FOLDER or FOLDER:OPTION;OPTION...
struct NamedSet {
  std::filesystem::path folder;
  eval::DatasetOptions labels;
  int border_pct = 0;
  std::optional<float> twins_above;
};

template <typename T>
Result<T> NumberIn(const std::string& option, const std::string& text, T least, T most) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ptr == end && read.ec == std::errc() && value >= least && value <= most) return value;
  return Fail(Code::kInvalidArgument,
              fmt::format("{}={}: want a number from {} to {}", option, text, least, most));
}

Status TakeOption(const std::string& option, NamedSet* set) {
  const std::size_t equals = option.find('=');
  const std::string name = option.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : option.substr(equals + 1);
  if (name == "by" && !value.empty()) {
    set->labels.by.push_back(value);
  } else if (name == "only" && !value.empty()) {
    set->labels.only.push_back(value);
  } else if (name == "border") {
    CANDID_ASSIGN(set->border_pct, NumberIn(name, value, 0, 100));
  } else if (name == "twins-above") {
    CANDID_ASSIGN(set->twins_above, NumberIn(name, value, 0.0F, 1.0F));
  } else {
    return Fail(
        Code::kInvalidArgument,
        fmt::format("'{}' is no option of a data set: want by=COLUMN, only=COLUMN=VALUE,..., "
                    "border=PERCENT or twins-above=COSINE, with ; between them",
                    option));
  }
  return {};
}

Result<NamedSet> ParseSet(const std::string& text) {
  NamedSet set;
  const std::size_t colon = text.find(':');
  set.folder = text.substr(0, colon);
  while (set.folder.has_relative_path() && !set.folder.has_filename()) {
    set.folder = set.folder.parent_path();  // "lfw-dev/"
  }
  if (colon == std::string::npos) return set;
  std::string rest = text.substr(colon + 1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    CANDID_TRY(TakeOption(rest.substr(0, end), &set));
    rest.erase(0, std::min(end + 1, rest.size()));
  }
  return set;
}

std::string Command(const Arguments& arguments) {
  std::string command = "candid calibrate";
  for (const std::string& set : arguments.sets) command += fmt::format(" '{}'", set);
  const Measuring& measuring = arguments.measuring;
  if (measuring.precision != "auto") command += " --precision " + measuring.precision;
  if (arguments.decline_below_age > 0) {
    command += fmt::format(" --decline-below-age {}", arguments.decline_below_age);
  }
  return command + fmt::format(" --limit {} --seed {} --resamples {}", arguments.limit,
                               measuring.seed, measuring.resamples);
}

// A set with everything that its CalibrationSet borrows.
struct Loaded {
  NamedSet named;
  eval::Dataset dataset;
  eval::Enrolment enrolment;
  std::vector<std::optional<float>> ages;

  eval::CalibrationSet view() const {
    return {named.folder.filename().string(), enrolment.view(), dataset.groupings,
            named.twins_above, ages};
  }
};

Result<Loaded> Load(const Context& context, const Arguments& arguments,
                    const face::Pipeline& pipeline, infer::Precision precision,
                    const std::string& text) {
  Loaded loaded;
  CANDID_ASSIGN(loaded.named, ParseSet(text));
  CANDID_ASSIGN(loaded.dataset, eval::ListDataset(loaded.named.folder, loaded.named.labels));
  // Without `by` a set speaks for everybody only: not every column is a group to answer for.
  if (loaded.named.labels.by.empty()) loaded.dataset.groupings.clear();
  for (const std::string& note : loaded.dataset.notes) {
    std::fprintf(stderr, "candid: %s: %s\n", loaded.named.folder.c_str(), note.c_str());
  }
  CANDID_ASSIGN(loaded.enrolment, EnrolDataset(context, pipeline, precision, loaded.dataset,
                                               arguments.measuring, loaded.named.border_pct));
  for (const eval::Sample& sample : loaded.enrolment.samples) {
    loaded.ages.push_back(sample.made.age);
  }
  return loaded;
}

void PrintTable(const decision::Calibration& table) {
  std::vector<Row> rows;
  for (const decision::GroupCalibration& group : table.groups) {
    const auto score = [&](double fmr) -> std::string {
      const auto point = std::find_if(
          group.points.begin(), group.points.end(),
          [&](const decision::RatePoint& p) { return std::abs(p.fmr / fmr - 1) < 1e-6; });
      if (point == group.points.end()) return "";
      return fmt::format("{:.4f} ({:.4f} to {:.4f}){}", point->score, point->score_range.low,
                         point->score_range.high, fmr * (1 + 1e-9) < group.measured_to ? " *" : "");
    };
    rows.push_back({group.name, std::to_string(group.people), std::to_string(group.impostor_pairs),
                    fmt::format("{:.1e}", group.measured_to), score(1e-3), score(1e-4),
                    score(1e-6)});
  }
  std::fputs(FormatTable({"group", "people", "pairs of strangers", "measured to", "score at 1e-3",
                          "at 1e-4", "at 1e-6"},
                         rows)
                 .c_str(),
             stdout);
  std::printf("* extrapolated\n");
  for (const decision::CalibrationData& data : table.data) {
    std::printf(
        "%s: %llu people, %llu photos, %llu without a template, %llu pairs left out as one "
        "person under two names\n",
        data.name.c_str(), static_cast<unsigned long long>(data.people),
        static_cast<unsigned long long>(data.images), static_cast<unsigned long long>(data.failed),
        static_cast<unsigned long long>(data.left_out));
  }
  std::printf("searches: FPIR = 1 - (1 - FMR)^(%.3f N) (%.3f to %.3f)\n", table.growth.factor,
              table.growth.range.low, table.growth.range.high);
}

void PrintHalves(const eval::Halves& halves) {
  std::vector<Row> rows;
  for (const eval::HalfPoint& point : halves.points) {
    rows.push_back({fmt::format("{:.0e}", point.fmr),
                    fmt::format("{:.4f} ({:.4f} to {:.4f})", point.predicted.score,
                                point.predicted.score_range.low, point.predicted.score_range.high),
                    fmt::format("{:.4f}", point.observed_score),
                    fmt::format("{:.2e}", point.observed_fmr), point.within ? "yes" : "no"});
  }
  std::printf("%zu people predict the false matches of %zu others\n", halves.people[0],
              halves.people[1]);
  std::fputs(FormatTable({"FMR", "predicted score", "score of the others",
                          "FMR of the others at the predicted score", "within"},
                         rows)
                 .c_str(),
             stdout);
}

Status Calibrate(const Context& context, const Arguments& arguments) {
  face::PipelineOptions pipeline_options;
  CANDID_ASSIGN(pipeline_options.precision, infer::ParsePrecision(arguments.measuring.precision));
  for (const std::string& set : arguments.sets) CANDID_TRY(ParseSet(set));
  CANDID_ASSIGN(const models::Pack pack, PackInUse(context));
  CANDID_ASSIGN(const auto pipeline, face::Pipeline::Create(pack, pipeline_options));
  const infer::Precision precision = pipeline_options.precision;
  std::vector<Loaded> loaded;
  for (const std::string& set : arguments.sets) {
    CANDID_ASSIGN(auto one, Load(context, arguments, *pipeline, precision, set));
    loaded.push_back(std::move(one));
  }
  std::vector<eval::CalibrationSet> sets;
  for (const Loaded& one : loaded) sets.push_back(one.view());
  eval::CalibrateOptions options;
  options.limit = arguments.limit;
  options.bootstrap = arguments.measuring.bootstrap();
  if (arguments.decline_below_age > 0) options.decline_below_age = arguments.decline_below_age;
  ProgressLine line;
  const auto stage = [&](std::string_view what) { line.Show(std::string(what)); };
  if (arguments.check_halves) {
    CANDID_ASSIGN(const auto halves, eval::CheckHalves(loaded.front().dataset, sets.front(),
                                                       kHalfRates, options, stage));
    line.Clear();
    PrintHalves(halves);
    return {};
  }
  CANDID_ASSIGN(auto outcome, eval::Calibrate(sets, options, stage));
  line.Clear();
  for (const std::string& note : outcome.notes) std::fprintf(stderr, "candid: %s\n", note.c_str());
  decision::Calibration& table = outcome.table;
  table.pack = pack.name + " " + pack.version;
  table.model_hash = pipeline->model_hash();
  table.date = arguments.measuring.DateOrToday();
  table.command = Command(arguments);
  table.precision = infer::NameOf(precision);
  const std::string text = decision::FormatCalibration(table);
  // Nothing leaves that would not come back.
  CANDID_TRY(decision::ParseCalibration(AsBytes(text), "the table just made"));
  if (arguments.out.empty()) {
    std::fputs(text.c_str(), stdout);
    return {};
  }
  CANDID_TRY(WriteFileDurably(arguments.out, AsBytes(text)));
  PrintTable(table);
  return {};
}

}  // namespace

void AddCalibrate(CLI::App* app, Context* context) {
  CLI::App* command = app->add_subcommand(
      "calibrate", "Make the pack's calibration table: which score strangers reach how often");
  command->footer(
      "\nEach SET is a folder as for `candid eval`, with what to make of it behind a colon:\n"
      "  by=COLUMN          a group of its own for each value (by=sex*group crosses columns)\n"
      "  only=COLUMN=A,B    only these photos\n"
      "  border=PERCENT     frame photos that are cropped to the face\n"
      "  twins-above=COSINE leave out pairs of strangers this alike as one person under two names\n"
      "docs/calibration.md says what the table is for. Examples:\n"
      "  candid calibrate photos --out calibration.toml\n"
      "  candid calibrate photos 'adults:by=sex*group;only=age=18-40,41-64;twins-above=0.8' "
      "--out calibration.toml\n"
      "  candid calibrate photos --check-halves\n");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("set", arguments->sets, "FOLDER or FOLDER:OPTION;OPTION...")->required();
  command->add_option("--out", arguments->out, "File to write; standard output");
  command->add_flag("--check-halves", arguments->check_halves,
                    "Make no table: calibrate on half of the first set's people and hold it "
                    "against the other half");
  command
      ->add_option("--decline-below-age", arguments->decline_below_age,
                   "Faces of a lower estimated age are not matched; 0: all are")
      ->check(CLI::Range(0.0, 30.0))
      ->capture_default_str();
  command->add_option("--limit", arguments->limit, "State no rate below this one")
      ->check(CLI::Range(1e-12, 1e-6))
      ->capture_default_str();
  AddMeasuring(command, &arguments->measuring);
  Run(command, context, [context, arguments] { return Calibrate(*context, *arguments); });
}

}  // namespace candid::apps
