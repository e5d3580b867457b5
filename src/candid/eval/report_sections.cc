#include "candid/eval/report_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "candid/eval/plot.h"
#include "candid/eval/proportion.h"
#include "candid/eval/report_groups.h"

namespace candid::eval {
namespace {

// Fewer false matches than this make the threshold itself doubtful (rule of 30).
constexpr std::uint64_t kFew = 30;
constexpr std::size_t kListed = 200;
constexpr std::size_t kPlotBins = 80;

Cell Errors(const Estimate& rate, std::uint64_t errors, std::uint64_t trials) {
  return Cell::Rate(rate, errors, static_cast<double>(trials));
}

Table PointTable(const char* id, const char* title, const VerificationReport& report) {
  Table table{id,
              title,
              "Brackets: 95 % intervals, bootstrap over people with thresholds set anew. By pairs, "
              "people with many photos weigh most; by person all weigh the same. 'few': the "
              "threshold rests on fewer than 30 false matches.",
              {"asked", "threshold", "false matches", "FMR", "missed pairs", "FNMR by pairs",
               "FNMR by person", "TAR by pairs", "TAR by person", "remark"},
              {},
              false};
  for (const OperatingPoint& point : report.points) {
    auto& row = table.rows.emplace_back();
    row.push_back(Cell::Text(NameOf(point)));
    if (point.reach != Reach::kMeasured) {
      const double none = std::nan("");
      row.insert(row.end(),
                 {Cell::Score(none), Cell::Text("-"), Cell::Rate(none), Cell::Text("-"),
                  Cell::Rate(none), Cell::Rate(none), Cell::Rate(none), Cell::Rate(none)});
      row.push_back(Cell::Text(point.reach == Reach::kTooFewPairs
                                   ? "too few impostor pairs to measure this"
                                   : "lower than the scores that are kept"));
      continue;
    }
    row.push_back(Cell::Score(point.threshold));
    row.push_back(Cell::Count(point.false_matches));
    row.push_back(Errors(point.fmr, point.false_matches, report.impostor_pairs));
    row.push_back(Cell::Count(point.misses));
    row.push_back(Errors(point.fnmr, point.misses, report.mated_pairs));
    row.push_back(Errors(point.fnmr_by_subject, point.misses, report.mated_subjects));
    row.push_back(Cell::Rate(1 - point.fnmr.value));
    row.push_back(Cell::Rate(1 - point.fnmr_by_subject.value));
    row.push_back(Cell::Text(point.asked_fmr && point.false_matches < kFew ? "few" : ""));
  }
  return table;
}

Figure DetFigure(const VerificationReport& report) {
  Curve pairs{"by pairs", {}, true}, people{"by person", {}, true};
  double least = 1e-2;
  for (const OperatingPoint& point : report.points) {
    if (point.reach != Reach::kMeasured || !point.asked_fmr) continue;
    const auto add = [&](const Estimate& rate, Curve* curve) {
      if (!(rate.value > 0)) return;
      curve->points.push_back(
          {*point.asked_fmr, rate.value, rate.interval.low, rate.interval.high});
      least = std::min({least, rate.value, std::max(rate.interval.low, 1e-5)});
    };
    add(point.fnmr, &pairs);
    add(point.fnmr_by_subject, &people);
  }
  const Axis x{"strangers taken for each other (FMR)", 1e-6, 1e-2, true};
  const Axis y{"people missed (FNMR)", std::pow(10, std::floor(std::log10(least))), 1, true};
  return {"Detection error trade-off", "Shaded: 95 % intervals. Lower and further left is better.",
          PlotCurves({pairs, people}, x, y)};
}

std::vector<double> Shares(const std::vector<std::uint64_t>& bins, double least, double most) {
  std::vector<double> shares(kPlotBins);
  double all = 0;
  for (std::size_t i = 0; i < bins.size(); ++i) {
    const double score = ScoreOfBin(i);
    const double place = (score - least) / (most - least) * kPlotBins;
    const auto at = std::clamp(place, 0.0, static_cast<double>(kPlotBins - 1));
    shares[static_cast<std::size_t>(at)] += static_cast<double>(bins[i]);
    all += static_cast<double>(bins[i]);
  }
  for (double& share : shares) share = all > 0 ? share / all : 0;
  return shares;
}

Figure ScoreFigure(const PairScores& scores) {
  const double least = -0.6, most = 1;
  std::vector<Histogram> histograms{
      {"different people", Shares(scores.impostor_bins, least, most)}};
  if (scores.mated_pairs > 0) {
    histograms.push_back({"same person", Shares(scores.mated_bins, least, most)});
  }
  return {"Scores", "Share of the pairs of each kind; pairs with a failed picture are not in it.",
          PlotHistograms(histograms,
                         {"score (what is beyond is in the outermost step)", least, most, false})};
}

std::string NameOf(const SearchPoint& point) {
  return point.asked_fpir ? fmt::format("FPIR {:g}", *point.asked_fpir)
                          : fmt::format("score {:.4f}", point.threshold.value);
}

Table SearchTable(const Evaluation& evaluation) {
  const IdentificationReport& report = *evaluation.identification;
  Table table{
      "searches",
      "Open-set search",
      "FPIR: strangers for whom anyone is returned. FNIR: enrolled people who are not "
      "returned. Intervals: other people search this gallery. Then mean and standard "
      "deviation over ten draws of the enrolled half. Candidates: mean number at or above "
      "the threshold for a stranger.",
      {"asked", "threshold", "false positives", "FPIR", "FPIR mean of ten", "FPIR deviation",
       "misses", "FNIR", "FNIR mean of ten", "FNIR deviation", "candidates"},
      {},
      false};
  for (std::size_t p = 0; p < report.points.size(); ++p) {
    const SearchPoint& point = report.points[p];
    if (!point.supported) continue;
    const SearchSpread spread = evaluation.spreads.empty() ? SearchSpread{} : evaluation.spreads[p];
    table.rows.push_back(
        {Cell::Text(NameOf(point)), Cell::Score(point.threshold),
         Cell::Count(point.false_positives),
         Errors(point.fpir, point.false_positives, report.non_mated_searches),
         Cell::Rate(spread.fpir.mean), Cell::Rate(spread.fpir.deviation), Cell::Count(point.misses),
         Errors(point.fnir, point.misses, report.mated_searches), Cell::Rate(spread.fnir.mean),
         Cell::Rate(spread.fnir.deviation), Cell::Ratio(point.selectivity)});
  }
  return table;
}

Table RankTable(const IdentificationReport& report) {
  Table table{"ranks",
              "Closed view: is the person among the first R (CMC)",
              "No threshold; somebody looks at R candidates.",
              {"R", "misses", "missed", "found"},
              {},
              false};
  for (const RankPoint& point : report.ranks) {
    table.rows.push_back({Cell::Count(point.rank), Cell::Count(point.misses),
                          Errors(point.miss_rate, point.misses, report.mated_searches),
                          Cell::Rate(1 - point.miss_rate.value)});
  }
  return table;
}

Table GrowthTable(const Evaluation& evaluation) {
  const IdentificationReport& report = *evaluation.identification;
  Table table{
      "growth",
      "Growth with the gallery",
      "The same searches against nested galleries. Expected: 1 - (1 - FMR)^N with the FMR of "
      "the 1:1 part at the threshold in use. The last two columns: searches for the people in the "
      "smallest gallery.",
      {"gallery", "FPIR in use", "expected", "measured / expected", "FNIR at FPIR 0.01",
       "not first"},
      {},
      false};
  double fmr = std::nan("");
  if (evaluation.verification) {
    for (const OperatingPoint& point : evaluation.verification->points) {
      if (point.asked_fmr || point.reach != Reach::kMeasured) continue;
      fmr = point.fmr.value;
      break;
    }
  }
  for (const GrowthPoint& point : report.growth) {
    const double expected = 1 - std::pow(1 - fmr, static_cast<double>(point.gallery));
    const Estimate& fpir = point.fpir.front();
    const auto rate = [](const Estimate& estimate, std::uint64_t trials) {
      const double errors = trials > 0 ? estimate.value * static_cast<double>(trials) : 0;
      return Errors(estimate, static_cast<std::uint64_t>(std::llround(errors)), trials);
    };
    table.rows.push_back({Cell::Count(point.gallery), rate(fpir, report.non_mated_searches),
                          Cell::Rate(expected),
                          Cell::Ratio(expected > 0 ? fpir.value / expected : std::nan("")),
                          rate(point.fnir, point.mated), rate(point.rank_one_miss, point.mated)});
  }
  return table;
}

Figure SearchFigure(const IdentificationReport& report) {
  Curve curve{"", {}, true};
  double least = 1e-1;
  for (const SearchPoint& point : report.points) {
    if (!point.supported || !point.asked_fpir || !(point.fnir.value > 0)) continue;
    curve.points.push_back(
        {*point.asked_fpir, point.fnir.value, point.fnir.interval.low, point.fnir.interval.high});
    least = std::min(least, std::max(point.fnir.interval.low, 1e-4));
  }
  return {fmt::format("Search in a gallery of {}", report.gallery),
          "Shaded: 95 % intervals. Lower and further left is better.",
          PlotCurves({curve}, {"strangers for whom anyone is returned (FPIR)", 1e-3, 0.1, true},
                     {"enrolled people not returned (FNIR)",
                      std::pow(10, std::floor(std::log10(least))), 1, true})};
}

}  // namespace

Section DataSection(const Dataset& dataset, const Enrolment& enrolment) {
  Section section;
  section.title = "The data";
  std::vector<std::uint64_t> of_subject(dataset.subjects);
  for (const LabelledImage& image : dataset.images) ++of_subject[image.subject];
  const auto more =
      std::count_if(of_subject.begin(), of_subject.end(), [](auto n) { return n > 1; });
  const auto count = [](const char* what, std::size_t n) {
    return std::vector<Cell>{Cell::Text(what), Cell::Count(n)};
  };
  Table counts{"data", "Counts", "", {"what", "count"}, {}, false};
  counts.rows = {
      count("images", dataset.images.size()),
      count("people", dataset.subjects),
      count("people with two images or more", static_cast<std::size_t>(more)),
      count("failed: file not readable", enrolment.unreadable),
      count("failed: no picture that we can decode", enrolment.undecodable),
      count("failed: no face found", enrolment.faceless),
      count("with more faces than one (the one nearest the centre counts)", enrolment.bystanders)};
  section.tables.push_back(std::move(counts));

  Table failures{"failures_by_group",
                 "Failures to enrol by group",
                 "Exact 95 % intervals (Clopper and Pearson), images taken as independent.",
                 {"grouping", "group", "images", "failures", "rate"},
                 {},
                 false};
  for (const Grouping& grouping : dataset.groupings) {
    std::vector<std::uint64_t> images(grouping.groups.size()), failed(grouping.groups.size());
    for (std::size_t i = 0; i < grouping.of_image.size(); ++i) {
      if (grouping.of_image[i] == kNoGroup) continue;
      ++images[grouping.of_image[i]];
      failed[grouping.of_image[i]] += enrolment.failed[i];
    }
    for (std::size_t g = 0; g < grouping.groups.size(); ++g) {
      const Estimate rate{static_cast<double>(failed[g]) / static_cast<double>(images[g]),
                          ClopperPearson(failed[g], images[g])};
      failures.rows.push_back({Cell::Text(grouping.name), Cell::Text(grouping.groups[g]),
                               Cell::Count(images[g]), Cell::Count(failed[g]),
                               Cell::Rate(rate, failed[g], static_cast<double>(images[g]))});
    }
  }
  if (!failures.rows.empty()) section.tables.push_back(std::move(failures));
  return section;
}

Section VerificationSection(const Evaluation& evaluation) {
  const VerificationReport& report = *evaluation.verification;
  Section section;
  section.title = "1:1: every picture against every other";
  section.paragraphs.push_back(fmt::format(
      "{} pairs of different people, {} of the same person ({} people have two images or more). A "
      "pair is accepted at or above the threshold; pairs with a failed picture are never accepted "
      "and always counted. Of {} people only {} pairs share nobody: where nothing was seen, the "
      "bound over pairs is the optimistic one, and {} the cautious one.",
      ShowCount(report.impostor_pairs), ShowCount(report.mated_pairs),
      ShowCount(report.mated_subjects), ShowCount(report.subjects), ShowCount(report.subjects / 2),
      ShowRate(RuleOfThree(std::floor(static_cast<double>(report.subjects) / 2)))));
  section.tables.push_back(PointTable("verification", "Error rates by threshold", report));
  if (evaluation.folds) {
    const FoldReport& folds = *evaluation.folds;
    Table table{
        "folds",
        "Listed pairs",
        "Accuracy on each fold by the threshold that is best on the others. It saturates and "
        "cannot see a false-match rate below about 1e-3.",
        {"folds", "mated", "impostors", "accuracy", "standard error"},
        {},
        false};
    table.rows.push_back({Cell::Count(folds.accuracies.size()), Cell::Count(folds.mated),
                          Cell::Count(folds.impostors), Cell::Rate(folds.accuracy),
                          Cell::Rate(folds.standard_error)});
    section.tables.push_back(std::move(table));
  }
  if (report.mated_pairs > 0) section.figures.push_back(DetFigure(report));
  section.figures.push_back(ScoreFigure(evaluation.scores));
  return section;
}

Section SearchSection(const Evaluation& evaluation) {
  const IdentificationReport& report = *evaluation.identification;
  Section section;
  section.title = "1:N: searching a gallery";
  section.paragraphs.push_back(fmt::format(
      "The gallery holds one picture of each of {} people, half of all, drawn by the seed. {} "
      "searches are for {} of them, {} for {} people who are not in it.",
      ShowCount(report.gallery - evaluation.fillers), ShowCount(report.mated_searches),
      ShowCount(report.mated_people), ShowCount(report.non_mated_searches),
      ShowCount(report.non_mated_people)));
  if (evaluation.fillers > 0) {
    section.paragraphs.push_back(fmt::format(
        "{} strangers from the filler folder are in the gallery too, behind the people drawn.",
        ShowCount(evaluation.fillers)));
  }
  section.tables.push_back(SearchTable(evaluation));
  section.tables.push_back(GrowthTable(evaluation));
  if (report.mated_searches > 0) {
    section.tables.push_back(RankTable(report));
    section.figures.push_back(SearchFigure(report));
  }
  return section;
}

Section SuspectSection(const Dataset& dataset, const Evaluation& evaluation) {
  const Suspects& suspects = evaluation.suspects;
  Section section;
  section.title = "Suspected labels";
  section.paragraphs.push_back(fmt::format(
      "Nothing was left out of the figures above. {} pairs of files have the same bytes; {} pairs "
      "of "
      "different people are as alike as the typical pair of one (score {:.4f} and more); {} "
      "pictures are unlike all others of their person. Look at them: each is an error of the "
      "labels "
      "or of the system.",
      suspects.duplicates.size(), suspects.look_alikes.size(), suspects.alike,
      suspects.outsiders.size()));
  if (evaluation.without_suspects) {
    section.tables.push_back(PointTable("without_suspects",
                                        "Error rates without the suspected pictures",
                                        *evaluation.without_suspects));
  }
  Table list{"suspects",
             "The suspected pictures",
             fmt::format("At most {} of each kind.", kListed),
             {"kind", "picture", "other picture", "score"},
             {},
             true};
  const auto name = [&](std::uint32_t i) { return Cell::Text(dataset.images[i].name); };
  const auto add = [&](const char* kind, const std::vector<ScoredPair>& pairs) {
    for (std::size_t p = 0; p < std::min(kListed, pairs.size()); ++p) {
      list.rows.push_back(
          {Cell::Text(kind), name(pairs[p].a), name(pairs[p].b), Cell::Score(pairs[p].score)});
    }
  };
  add("same bytes", suspects.duplicates);
  add("different people, alike", suspects.look_alikes);
  for (std::size_t i = 0; i < std::min(kListed, suspects.outsiders.size()); ++i) {
    list.rows.push_back({Cell::Text("unlike its person"), name(suspects.outsiders[i]),
                         Cell::Text(""), Cell::Score(std::nan(""))});
  }
  if (!list.rows.empty()) section.tables.push_back(std::move(list));
  return section;
}

}  // namespace candid::eval
