#include "candid/eval/report_protocols.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace candid::eval {
namespace {

std::string Power(double rate) { return fmt::format("1e{:.0f}", std::log10(rate)); }

std::vector<Cell> SpreadRow(const char* what, const Spread& spread, double threshold) {
  return {Cell::Text(what), Cell::Score(threshold), Cell::Rate(spread.mean),
          Cell::Rate(spread.deviation), Cell::Rate(spread.mean - spread.deviation)};
}

double MeanOf(const TrialReport& report, double TrialFigures::* figure) {
  double mean = 0;
  for (const TrialFigures& trial : report.trials) {
    mean += trial.*figure / static_cast<double>(report.trials.size());
  }
  return mean;
}

std::string Counts(const TrialReport& report, std::uint64_t TrialFigures::* count) {
  std::uint64_t sum = 0;
  for (const TrialFigures& trial : report.trials) sum += trial.*count;
  return ShowCount(sum / report.trials.size());
}

Table TailTable(const char* id, const std::string& title, const TailReport& report) {
  Table table{
      id,
      title,
      fmt::format("Generalised Pareto tail over the {} best impostor pairs: above score {:.4f}, "
                  "share {}, shape {:.3f} ({:.3f} to {:.3f}), scale {:.4f} ({:.4f} to {:.4f}). "
                  "Carried to {} at most, {} times beyond the rarest rate that 30 pairs can count.",
                  ShowCount(report.excesses), report.tail.threshold, ShowRate(report.tail.share),
                  report.tail.shape, report.shape.low, report.shape.high, report.tail.scale,
                  report.scale.low, report.scale.high, ShowRate(report.least_fmr), kReachBeyond),
      {"FMR", "what it is", "threshold by the tail", "threshold counted", "FNMR there"},
      {},
      false};
  for (const TailPoint& point : report.points) {
    table.rows.push_back(
        {Cell::Text(Power(point.fmr)),
         Cell::Text(point.beyond ? "extrapolated: too few to count" : "counted: checks the tail"),
         Cell::Score(point.threshold), Cell::Score(point.counted), Cell::Rate(point.fnmr)});
  }
  return table;
}

}  // namespace

Section TrialSection(const Evaluation& evaluation) {
  const TrialReport& report = *evaluation.trials;
  Section section;
  section.title = "BLUFR: ten trials, low false-accept rates";
  const TrialFigures& first = report.trials.front();
  section.paragraphs.push_back(fmt::format(
      "Protocol of Liao and others (2014), in {} trials {}. A trial has {} mated and {} impostor "
      "pairs, a gallery of {}, {} mated searches and {} of people who are not enrolled, on "
      "average. VR: mated pairs accepted at the threshold for FAR 0.1 % of the impostor pairs. "
      "DIR: mated searches with the person first and accepted, at the threshold for FAR 1 % of the "
      "others.",
      report.trials.size(),
      report.listed ? "by the lists given" : "drawn by the seed, not the official ones",
      Counts(report, &TrialFigures::mated_pairs), Counts(report, &TrialFigures::impostor_pairs),
      first.gallery, Counts(report, &TrialFigures::mated_searches),
      Counts(report, &TrialFigures::non_mated_searches)));
  if (report.listed && report.missing > 0) {
    section.paragraphs.push_back(fmt::format(
        "{} listed pictures are not in this data: these are not the benchmark's figures.",
        ShowCount(report.missing)));
  }
  if (!report.listed && report.people < kBlufrPeople) {
    section.paragraphs.push_back(fmt::format(
        "Scaled: the benchmark leaves {} of {} people out and enrols {}; of the {} people here the "
        "same shares are taken. A smaller gallery is easier to search: DIR here is not to be held "
        "against published ones.",
        ShowCount(kBlufrLeftOut), ShowCount(kBlufrPeople), ShowCount(kBlufrGallery),
        ShowCount(report.people)));
  }
  Table table{"blufr",
              "Mean and standard deviation over the trials",
              "The benchmark's own figure is the last column.",
              {"figure", "mean threshold", "mean", "deviation", "mean - deviation"},
              {},
              false};
  table.rows = {SpreadRow("VR at FAR 0.1 %", report.verified,
                          MeanOf(report, &TrialFigures::verification_threshold)),
                SpreadRow("DIR at FAR 1 %, rank 1", report.identified,
                          MeanOf(report, &TrialFigures::search_threshold))};
  section.tables.push_back(std::move(table));
  Table trials{"blufr_trials",
               "Every trial",
               "",
               {"trial", "mated pairs", "impostor pairs", "VR threshold", "VR", "gallery",
                "mated searches", "non-mated searches", "DIR threshold", "DIR"},
               {},
               true};
  for (std::size_t t = 0; t < report.trials.size(); ++t) {
    const TrialFigures& trial = report.trials[t];
    trials.rows.push_back({Cell::Count(t + 1), Cell::Count(trial.mated_pairs),
                           Cell::Count(trial.impostor_pairs),
                           Cell::Score(trial.verification_threshold), Cell::Rate(trial.verified),
                           Cell::Count(trial.gallery), Cell::Count(trial.mated_searches),
                           Cell::Count(trial.non_mated_searches),
                           Cell::Score(trial.search_threshold), Cell::Rate(trial.identified)});
  }
  section.tables.push_back(std::move(trials));
  return section;
}

Section TailSection(const Evaluation& evaluation) {
  Section section;
  section.title = "Extrapolated, not measured";
  section.paragraphs.push_back(
      "You asked what lies beyond the data. A curve is laid through the best scores of different "
      "people and followed to rates at which this data has no errors to count. It holds if scores "
      "beyond the best seen thin out as those below do; twins, wrong labels and copies of one "
      "picture do not keep to that. The rows that can be counted show how well it fits.");
  section.tables.push_back(TailTable("extrapolation", "Thresholds by the tail", *evaluation.tail));
  if (evaluation.tail_without_suspects) {
    section.tables.push_back(TailTable("extrapolation_without_suspects",
                                       "Thresholds by the tail, without the suspected pictures",
                                       *evaluation.tail_without_suspects));
  }
  return section;
}

}  // namespace candid::eval
