#include "candid/eval/report_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "candid/eval/plot.h"
#include "candid/eval/proportion.h"

namespace candid::eval {
namespace {

constexpr double kLevel = 0.05;

std::string Identifier(std::string_view text) {
  std::string id;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    id += plain ? c : '_';
  }
  return id;
}

// "4.1 times (2.9 to 6.0)" or what could have been seen.
std::string Verdict(const GroupTest& test, bool reference) {
  if (reference) return "reference";
  if (std::isnan(test.ratio)) return "not compared";
  if (test.p_holm < kLevel) {
    return fmt::format("{:.3g} times ({:.3g} to {:.3g})", test.ratio, test.interval.low,
                       test.interval.high);
  }
  return fmt::format("none found; {:.3g} times or more would have been", test.detectable_ratio);
}

Table RateTable(const GroupReport& report, const std::string& where) {
  Table table{
      "groups_" + Identifier(report.grouping) + "_" + Identifier(where),
      fmt::format("{}, at {}", report.grouping, where),
      fmt::format("Pairs within a group, one common threshold. Difference: the ratio to the "
                  "group with the most pairs where it is beyond chance (5 %, Holm's "
                  "correction), else the smallest ratio that this data would have shown. "
                  "Groups of fewer than {} people are shown and not compared by the "
                  "measures.",
                  kLeastGroup),
      {"group", "people", "images", "impostor pairs", "false matches", "FMR", "difference of FMR",
       "mated pairs", "missed", "FNMR", "difference of FNMR"},
      {},
      false};
  for (std::size_t g = 0; g < report.groups.size(); ++g) {
    const GroupFigures& group = report.groups[g];
    const GroupCell& own = group.own;
    table.rows.push_back(
        {Cell::Text(report.names[g]), Cell::Count(group.subjects), Cell::Count(group.images),
         Cell::Count(own.impostor_pairs), Cell::Count(own.false_matches),
         Cell::Rate(group.fmr, own.false_matches, static_cast<double>(own.impostor_pairs)),
         Cell::Text(Verdict(group.fmr_test, g == report.reference)), Cell::Count(own.mated_pairs),
         Cell::Count(own.misses),
         Cell::Rate(group.fnmr, own.misses, static_cast<double>(own.mated_pairs)),
         Cell::Text(Verdict(group.fnmr_test, g == report.reference))});
  }
  return table;
}

Table CrossTable(const GroupReport& report, const std::string& where) {
  Table table{"cross_" + Identifier(report.grouping) + "_" + Identifier(where),
              fmt::format("{}, every group with every other, at {}", report.grouping, where),
              "",
              {"group", "other group", "impostor pairs", "false matches", "FMR", "mated pairs",
               "missed", "FNMR"},
              {},
              true};
  const auto rate = [](std::uint64_t errors, std::uint64_t trials) {
    const double all = static_cast<double>(trials);
    return errors > 0 ? Cell::Rate(static_cast<double>(errors) / all) : Cell::Rate({}, 0, all);
  };
  for (std::size_t a = 0; a < report.names.size(); ++a) {
    for (std::size_t b = a; b < report.names.size(); ++b) {
      const GroupCell& cell = report.cells[a][b];
      table.rows.push_back({Cell::Text(report.names[a]), Cell::Text(report.names[b]),
                            Cell::Count(cell.impostor_pairs), Cell::Count(cell.false_matches),
                            rate(cell.false_matches, cell.impostor_pairs),
                            Cell::Count(cell.mated_pairs), Cell::Count(cell.misses),
                            rate(cell.misses, cell.mated_pairs)});
    }
  }
  return table;
}

void AddMeasures(const GroupReport& report, const std::string& where, Table* table) {
  for (const bool fmr : {true, false}) {
    const MeasureWithInterval& m = fmr ? report.fmr : report.fnmr;
    if (std::isnan(m.value.max_over_min)) continue;
    const auto& at = m.intervals;
    table->rows.push_back(
        {Cell::Text(report.grouping), Cell::Text(where), Cell::Text(fmr ? "FMR" : "FNMR"),
         Cell::Ratio(m.value.max_over_min, at[0]), Cell::Rate({m.value.max_minus_min, at[1]}),
         Cell::Ratio(m.value.max_over_geomean, at[2]), Cell::Ratio(m.value.max_over_mean, at[3]),
         Cell::Ratio(m.value.log_spread, at[4]), Cell::Ratio(m.value.gini, at[5]),
         Cell::Text(m.value.zero ? "yes" : "")});
  }
}

Figure WhiskerFigure(const GroupReport& report, const OperatingPoint& point, bool fmr) {
  std::vector<Whisker> whiskers;
  for (std::size_t g = 0; g < report.groups.size(); ++g) {
    const GroupFigures& group = report.groups[g];
    const std::uint64_t errors = fmr ? group.own.false_matches : group.own.misses;
    const std::uint64_t trials = fmr ? group.own.impostor_pairs : group.own.mated_pairs;
    if (trials == 0) continue;
    const Estimate& rate = fmr ? group.fmr : group.fnmr;
    const double bound = RuleOfThree(static_cast<double>(trials));
    whiskers.push_back({report.names[g],
                        errors > 0 ? PlotPoint{rate.value, 0, rate.interval.low, rate.interval.high}
                                   : PlotPoint{bound, 0, 0, bound},
                        errors == 0});
  }
  return {fmt::format("{} by {}, at {}", fmr ? "Strangers taken for each other" : "People missed",
                      report.grouping, NameOf(point)),
          "Dots: rates; bars: 95 % intervals; arrows: nothing seen, the bound; dashed: all pairs.",
          PlotWhiskers(whiskers, fmr ? "FMR within the group" : "FNMR",
                       (fmr ? point.fmr : point.fnmr).value)};
}

Figure HeatFigure(const GroupReport& report, const std::string& where) {
  std::vector<std::vector<double>> rates(report.names.size());
  for (std::size_t a = 0; a < report.names.size(); ++a) {
    for (const GroupCell& cell : report.cells[a]) {
      rates[a].push_back(cell.impostor_pairs == 0 ? std::nan("")
                                                  : static_cast<double>(cell.false_matches) /
                                                        static_cast<double>(cell.impostor_pairs));
    }
  }
  return {fmt::format("FMR of {} with each other, at {}", report.grouping, where),
          "Stronger colour: more false matches, on a logarithmic scale.",
          PlotHeatMap(report.names, rates)};
}

}  // namespace

std::string NameOf(const OperatingPoint& point) {
  if (!point.asked_fmr) return fmt::format("score {:.4f}", point.threshold.value);
  const std::string rate = fmt::format("{:.0e}", *point.asked_fmr);  // 1e-03
  return fmt::format("FMR {}", rate.substr(0, 3) + rate.substr(rate.find_last_of("-0") + 1));
}

Section GroupSection(const Evaluation& evaluation) {
  const VerificationReport& verification = *evaluation.verification;
  Section section;
  section.title = "Groups";
  section.paragraphs.push_back(
      "Groups are those of the data's own labels and of what was measured in the pictures. An "
      "operator has one threshold, so all groups are held against one.");
  Table measures{"group_measures",
                 "How unequal the groups are",
                 "Max/geomean is NIST's choice (IR 8429). 'zero': a group without an error; "
                 "(errors + 1/2) / (pairs + 1) stands for its rate in the ratios.",
                 {"grouping", "at", "rate", "max/min", "max - min", "max/geomean", "max/mean",
                  "log spread", "Gini", "zero"},
                 {},
                 false};
  Table fairness{"fairness",
                 "Both rates in one figure",
                 "Alpha 0.5. FDR: 1 is fair; INEQ: 1 is fair; GARBE: 0 is fair.",
                 {"grouping", "at", "FDR", "INEQ", "GARBE"},
                 {},
                 false};
  std::vector<Table> cross;
  std::size_t first_fixed = 0;
  while (verification.points[first_fixed].asked_fmr) ++first_fixed;
  for (const GroupReport& report : verification.groups) {
    const OperatingPoint& point = verification.points[report.point];
    const std::string where = NameOf(point);
    const auto grouping =
        std::find_if(evaluation.groupings.begin(), evaluation.groupings.end(),
                     [&](const Grouping& g) { return g.name == report.grouping; });
    const bool measured =
        static_cast<std::size_t>(evaluation.groupings.end() - grouping) <= evaluation.measured;
    // What was measured is of interest where the system works.
    if (measured && report.point != first_fixed) continue;
    section.tables.push_back(RateTable(report, where));
    cross.push_back(CrossTable(report, where));
    AddMeasures(report, where, &measures);
    if (!std::isnan(report.fairness.fdr)) {
      fairness.rows.push_back({Cell::Text(report.grouping), Cell::Text(where),
                               Cell::Ratio(report.fairness.fdr), Cell::Ratio(report.fairness.ineq),
                               Cell::Ratio(report.fairness.garbe)});
    }
    if (report.point != first_fixed) continue;
    section.figures.push_back(WhiskerFigure(report, point, true));
    if (verification.mated_pairs > 0) {
      section.figures.push_back(WhiskerFigure(report, point, false));
    }
    if (!measured && report.names.size() > 1) section.figures.push_back(HeatFigure(report, where));
  }
  if (!measures.rows.empty()) section.tables.push_back(std::move(measures));
  if (!fairness.rows.empty()) section.tables.push_back(std::move(fairness));
  for (Table& table : cross) section.tables.push_back(std::move(table));

  if (evaluation.identification) {
    const IdentificationReport& searches = *evaluation.identification;
    Table table{"search_groups",
                "Searches by group of the person searched for",
                "One gallery of all groups, one threshold.",
                {"grouping", "at", "group", "strangers' searches", "false positives", "FPIR",
                 "mated searches", "missed", "FNIR"},
                {},
                false};
    for (const SearchGroupReport& report : searches.groups) {
      const SearchPoint& point = searches.points[report.point];
      const bool wanted = !point.asked_fpir || *point.asked_fpir == kGrowthFpir;
      if (!wanted) continue;
      const std::string where = point.asked_fpir
                                    ? fmt::format("FPIR {:g}", *point.asked_fpir)
                                    : fmt::format("score {:.4f}", point.threshold.value);
      for (std::size_t g = 0; g < report.groups.size(); ++g) {
        const SearchGroup& group = report.groups[g];
        table.rows.push_back(
            {Cell::Text(report.grouping), Cell::Text(where), Cell::Text(report.names[g]),
             Cell::Count(group.non_mated), Cell::Count(group.false_positives),
             Cell::Rate(group.fpir, group.false_positives, static_cast<double>(group.non_mated)),
             Cell::Count(group.mated), Cell::Count(group.misses),
             Cell::Rate(group.fnir, group.misses, static_cast<double>(group.mated))});
      }
    }
    if (!table.rows.empty()) section.tables.push_back(std::move(table));
  }
  return section;
}

}  // namespace candid::eval
