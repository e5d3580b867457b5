// candid accuracy

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>

#include "apps/command.h"
#include "apps/open.h"
#include "apps/terminal.h"
#include "apps/words.h"
#include "candid/api/accuracy.h"
#include "candid/decision/false_alarms.h"

namespace candid::apps {
namespace {

constexpr double kShown[] = {50, 80, 90, 95, 99, 99.9};
constexpr double kDefault = collections::kDefaultSimilarity;
constexpr std::uint64_t kGalleries[] = {10, 100, 1'000, 10'000, 100'000, 1'000'000};

std::string Mark(decision::Basis basis) {
  switch (basis) {
    case decision::Basis::kMeasured:
      return "";
    case decision::Basis::kExtrapolated:
      return " *";
    case decision::Basis::kBound:
      return " (bound)";
  }
  return "";
}

std::string Stated(const decision::StatedRate& rate) {
  return fmt::format("{:.2g} ({:.2g} to {:.2g}){}", rate.fmr, rate.range.low, rate.range.high,
                     Mark(rate.basis));
}

void PrintSimilarities(const decision::Scale& scale) {
  std::vector<Row> rows;
  for (const double similarity : kShown) {
    const double score = scale.ScoreOf(similarity);
    const decision::StatedRate rate = scale.RateOf(score);
    rows.push_back({fmt::format("{}", similarity), fmt::format("{:.4f}", score), InWords(rate),
                    std::string(rate.group)});
  }
  std::fputs(
      FormatTable({"similarity", "score", "strangers who match, worst group", "which is"}, rows)
          .c_str(),
      stdout);
}

void PrintGroups(const decision::Scale& scale) {
  const double score = scale.ScoreOf(kDefault);
  std::vector<Row> rows;
  for (const decision::GroupCalibration& group : scale.table().groups) {
    std::string missed;
    for (std::size_t p = 0; p < group.misses.size(); ++p) {
      // The first point at the score or above: no rosier than the truth.
      if (group.points[p].score < score) continue;
      missed = fmt::format("{:.1f} %", group.misses[p].fnmr * 100);
      break;
    }
    rows.push_back(
        {group.name, std::to_string(group.people), Stated(decision::RateOf(group, score)), missed,
         group.ages ? fmt::format("{} of {}", group.ages->declined, group.ages->estimated) : ""});
  }
  std::printf("\nAt similarity %.0f, by group:\n", kDefault);
  std::fputs(FormatTable({"group", "people", "false match rate (95 %)", "own photos missed",
                          "declined for age"},
                         rows)
                 .c_str(),
             stdout);
}

void PrintGalleries(const decision::Scale& scale) {
  std::vector<Row> rows;
  const double factor = scale.table().growth.factor;
  for (const std::uint64_t gallery : kGalleries) {
    const auto n = static_cast<double>(gallery);
    const auto alarms = [&](double similarity) {
      return OneIn(decision::FpirOf(scale.RateOf(scale.ScoreOf(similarity)).fmr, n, factor));
    };
    const double promised = decision::ScoreForFalseAlarms(scale, 10'000, gallery);
    rows.push_back({std::to_string(gallery), alarms(kDefault), alarms(99),
                    std::isinf(promised) ? "beyond the table"
                                         : fmt::format("{:.4f}", scale.SimilarityOf(promised))});
  }
  std::printf("\nSearches of strangers that return somebody, worst group:\n");
  std::fputs(
      FormatTable(
          {"faces in the gallery", "at similarity 80", "at 99", "similarity for 1 in 10,000"}, rows)
          .c_str(),
      stdout);
}

Status Accuracy(const Context& context) {
  CANDID_ASSIGN(const models::Pack pack, PackInUse(context));
  const decision::Scale scale = ScaleOf(pack);
  const collections::ModelIdentity model = collections::IdentityOf(pack);
  if (context.json) {
    std::puts(api::AccuracyCard(model, scale).c_str());
    return {};
  }
  std::printf("%s %s (%.8s)\n", model.pack.c_str(), model.version.c_str(), model.hash.c_str());
  if (!scale.calibrated()) {
    std::printf(
        "Calibration: none. Similarities follow a provisional curve and stand for no error "
        "rate;\n`candid calibrate` makes a table from your own photos.\n");
    return {};
  }
  const decision::Calibration& table = scale.table();
  std::printf("Calibrated %s (%s):\n", table.date.c_str(), table.precision.c_str());
  for (const decision::CalibrationData& data : table.data) {
    std::printf("  %s: %llu people, %llu photos\n", data.name.c_str(),
                static_cast<unsigned long long>(data.people),
                static_cast<unsigned long long>(data.images));
  }
  std::printf("\n");
  PrintSimilarities(scale);
  PrintGroups(scale);
  PrintGalleries(scale);
  std::printf(
      "\n* extrapolated beyond the group's data as everybody's goes on. Nothing is stated below "
      "%.0e.\n",
      table.limit);
  if (table.decline_below_age) {
    std::printf("Faces of an estimated age below %.1f are declined, not matched.\n",
                *table.decline_below_age);
  }
  std::printf("Made by: %s\n", table.command.c_str());
  return {};
}

}  // namespace

void AddAccuracy(CLI::App* app, Context* context) {
  CLI::App* command = app->add_subcommand(
      "accuracy", "How often the pack in use is wrong, for whom, and what a similarity stands for");
  command->footer(
      "\nThe server answers the same at GET /v1/accuracy. docs/calibration.md explains it.\n"
      "Examples:\n  candid accuracy\n  candid accuracy --json\n");
  Run(command, context, [context] { return Accuracy(*context); });
}

}  // namespace candid::apps
