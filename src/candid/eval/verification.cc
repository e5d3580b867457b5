#include "candid/eval/verification.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "candid/eval/pair_statistic.h"
#include "candid/eval/proportion.h"

namespace candid::eval {
namespace {

Status Check(const VerificationInput& in, const VerificationOptions& options) {
  const auto bad = [](std::string what) { return Fail(Code::kInvalidArgument, std::move(what)); };
  const std::size_t n = in.subjects.size();
  for (const double fmr : options.fmrs) {
    if (!(fmr > 0 && fmr <= 0.1)) return bad("every FMR must be above 0 and at most 0.1");
  }
  for (const float threshold : options.thresholds) {
    if (!(threshold >= -2 && threshold <= 2)) return bad("a threshold is a score, -2 to 2");
  }
  if (options.bootstrap.resamples < 1 || options.bootstrap.resamples > 20000) {
    return bad("the bootstrap takes 1..20000 resamples");
  }
  if (in.failed.size() != n) return bad("subjects and failures must describe the same images");
  for (const Grouping& grouping : in.groupings) {
    if (grouping.of_image.size() != n || grouping.groups.size() > kMaxGroups) {
      return bad(fmt::format("the grouping {} does not describe the images", grouping.name));
    }
  }
  if (in.scores->impostor_pairs == 0) return bad("there are no two images of different subjects");
  return {};
}

// The points asked and where each is among those that can be measured.
struct Plan {
  std::vector<PointAsked> measured;
  std::vector<std::size_t> place;         // of each report point in measured, where it is there
  std::vector<std::size_t> group_points;  // indexes into the report's points
  std::vector<std::size_t> group_places;  // the same as indexes into measured
};

Plan MakePlan(const VerificationInput& in, const VerificationOptions& options,
              VerificationReport* report) {
  Plan plan;
  const auto add = [&](const PointAsked& asked, Reach reach) {
    OperatingPoint& point = report->points.emplace_back();
    if (asked.fmr > 0) point.asked_fmr = asked.fmr;
    point.reach = reach;
    point.threshold.value = asked.threshold;
    plan.place.push_back(plan.measured.size());
    if (reach == Reach::kMeasured) plan.measured.push_back(asked);
  };
  for (const double fmr : options.fmrs) {
    const bool enough = fmr * static_cast<double>(in.scores->impostor_pairs) * (1 + 1e-12) >= 1;
    add({fmr, 0}, enough ? Reach::kMeasured : Reach::kTooFewPairs);
  }
  for (const float threshold : options.thresholds) {
    add({0, threshold}, in.scores->Covers(threshold) ? Reach::kMeasured : Reach::kBelowTail);
  }
  for (const std::size_t point : in.group_points) {
    if (point >= report->points.size() || report->points[point].reach != Reach::kMeasured) continue;
    plan.group_points.push_back(point);
    plan.group_places.push_back(plan.place[point]);
  }
  return plan;
}

// Plain figures of everybody once, and those of the resamples.
struct Measured {
  std::vector<double> plain;
  Replicates replicates;
};

template <typename Read>
Estimate EstimateOf(const Measured& measured, const Read& read) {
  std::vector<double> values;
  for (std::size_t r = 0; r < measured.replicates.size(); ++r) {
    values.push_back(read(measured.replicates.row(r)));
  }
  return {read(std::span<const double>(measured.plain)), PercentileInterval(std::move(values))};
}

void FillPoints(const VerificationInput& in, const Plan& plan, const PairStatistic& statistic,
                const Measured& measured, VerificationReport* report) {
  for (std::size_t p = 0; p < report->points.size(); ++p) {
    OperatingPoint& point = report->points[p];
    if (point.reach != Reach::kMeasured) continue;
    const auto estimate = [&](double PointFigures::* figure) {
      return EstimateOf(measured, [&](std::span<const double> row) {
        return statistic.point(row, plan.place[p]).*figure;
      });
    };
    point.threshold = estimate(&PointFigures::threshold);
    point.fmr = estimate(&PointFigures::fmr);
    point.fnmr = estimate(&PointFigures::fnmr);
    point.fnmr_by_subject = estimate(&PointFigures::fnmr_by_subject);
    const auto threshold = static_cast<float>(point.threshold.value);
    const auto accepted = [&](const std::vector<ScoredPair>& pairs) {
      return static_cast<std::uint64_t>(
          std::partition_point(pairs.begin(), pairs.end(),
                               [&](const ScoredPair& pair) { return pair.score >= threshold; }) -
          pairs.begin());
    };
    point.false_matches = accepted(in.scores->tail);
    point.misses = in.scores->mated_pairs - accepted(in.scores->mated);
    const auto widen = [](Estimate* rate, std::uint64_t errors, std::uint64_t trials) {
      rate->interval = Widened(rate->interval, errors, trials);
    };
    widen(&point.fmr, point.false_matches, in.scores->impostor_pairs);
    widen(&point.fnmr, point.misses, in.scores->mated_pairs);
    widen(&point.fnmr_by_subject, point.misses, report->mated_subjects);
  }
}

// Counts of every pair of groups at one threshold.
std::vector<std::vector<GroupCell>> CountCells(const VerificationInput& in,
                                               const Grouping& grouping, float threshold) {
  const std::size_t groups = grouping.groups.size();
  std::vector<std::vector<GroupCell>> cells(groups, std::vector<GroupCell>(groups));
  const auto add = [&](std::uint32_t a, std::uint32_t b, std::uint64_t GroupCell::* count,
                       std::uint64_t times = 1) {
    const std::uint16_t x = grouping.of_image[a], y = grouping.of_image[b];
    if (x == kNoGroup || y == kNoGroup) return;
    cells[x][y].*count += times;
    if (x != y) cells[y][x].*count += times;
  };
  for (const ScoredPair& pair : in.scores->mated) {
    add(pair.a, pair.b, &GroupCell::mated_pairs);
    if (!(pair.score >= threshold)) add(pair.a, pair.b, &GroupCell::misses);
  }
  for (const ScoredPair& pair : in.scores->tail) {
    if (!(pair.score >= threshold)) break;
    add(pair.a, pair.b, &GroupCell::false_matches);
  }
  std::vector<std::uint64_t> images(groups);
  for (const std::uint16_t group : grouping.of_image) {
    if (group != kNoGroup) ++images[group];
  }
  for (std::size_t x = 0; x < groups; ++x) {
    for (std::size_t y = 0; y < groups; ++y) {
      const std::uint64_t all =
          x == y ? images[x] * (images[x] - 1) / 2 * (images[x] > 0) : images[x] * images[y];
      cells[x][y].impostor_pairs = all - cells[x][y].mated_pairs;
    }
  }
  return cells;
}

void Compare(const PairStatistic& statistic, const Measured& measured, std::size_t group_point,
             std::size_t grouping, GroupReport* report) {
  const auto rates = [&](std::span<const double> row, bool fmr, bool measure) {
    std::vector<Rate> out;
    for (std::size_t g = 0; g < report->groups.size(); ++g) {
      const GroupFigures& group = report->groups[g];
      const bool large = (fmr ? group.subjects : group.mated_subjects) >= kLeastGroup;
      if (!large && measure) continue;
      const GroupRates both = statistic.group(row, group_point, grouping, g);
      out.push_back(!large ? Rate{} : fmr ? both.fmr : both.fnmr);
    }
    return out;
  };
  for (const bool fmr : {true, false}) {
    std::vector<std::vector<Rate>> replicates;
    std::vector<std::vector<double>> spreads(6);
    for (std::size_t r = 0; r < measured.replicates.size(); ++r) {
      const auto row = measured.replicates.row(r);
      replicates.push_back(rates(row, fmr, false));
      const Differentials d = Differ(rates(row, fmr, true));
      const double figures[] = {d.max_over_min,  d.max_minus_min, d.max_over_geomean,
                                d.max_over_mean, d.log_spread,    d.gini};
      for (std::size_t i = 0; i < spreads.size(); ++i) spreads[i].push_back(figures[i]);
    }
    MeasureWithInterval measure;
    measure.value = Differ(rates(measured.plain, fmr, true));
    for (auto& values : spreads) {
      measure.intervals.push_back(PercentileInterval(std::move(values)));
    }
    (fmr ? report->fmr : report->fnmr) = std::move(measure);
    const auto tests =
        CompareGroups(rates(measured.plain, fmr, false), report->reference, replicates);
    for (std::size_t g = 0; g < tests.size(); ++g) {
      (fmr ? report->groups[g].fmr_test : report->groups[g].fnmr_test) = tests[g];
    }
  }
  report->fairness = Judge(report->fmr.value, report->fnmr.value);
}

GroupReport ReportGroups(const VerificationInput& in, const Grouping& grouping,
                         std::size_t grouping_index, std::size_t group_point,
                         const PairStatistic& statistic, const Measured& measured,
                         float threshold) {
  GroupReport report;
  report.grouping = grouping.name;
  report.names = grouping.groups;
  report.groups.resize(grouping.groups.size());
  report.cells = CountCells(in, grouping, threshold);
  std::vector<std::map<std::uint32_t, std::size_t>> subjects(grouping.groups.size());
  for (std::size_t i = 0; i < grouping.of_image.size(); ++i) {
    if (grouping.of_image[i] == kNoGroup) continue;
    GroupFigures& group = report.groups[grouping.of_image[i]];
    ++group.images;
    group.failures += in.failed[i] != 0 ? 1 : 0;
    ++subjects[grouping.of_image[i]][in.subjects[i]];
  }
  for (std::size_t g = 0; g < report.groups.size(); ++g) {
    GroupFigures& group = report.groups[g];
    group.subjects = subjects[g].size();
    for (const auto& [subject, images] : subjects[g]) group.mated_subjects += images > 1 ? 1 : 0;
    group.own = report.cells[g][g];
    if (group.own.impostor_pairs > report.groups[report.reference].own.impostor_pairs) {
      report.reference = g;
    }
    group.fmr = EstimateOf(measured, [&](std::span<const double> row) {
      return statistic.group(row, group_point, grouping_index, g).fmr.value();
    });
    group.fnmr = EstimateOf(measured, [&](std::span<const double> row) {
      return statistic.group(row, group_point, grouping_index, g).fnmr.value();
    });
    group.fmr.interval =
        Widened(group.fmr.interval, group.own.false_matches, group.own.impostor_pairs);
    group.fnmr.interval = Widened(group.fnmr.interval, group.own.misses, group.own.mated_pairs);
  }
  Compare(statistic, measured, group_point, grouping_index, &report);
  return report;
}

}  // namespace

Result<VerificationReport> Verify(const VerificationInput& in, const VerificationOptions& options) {
  CANDID_TRY(Check(in, options));
  VerificationReport report;
  report.mated_pairs = in.scores->mated_pairs;
  report.impostor_pairs = in.scores->impostor_pairs;
  const Plan plan = MakePlan(in, options, &report);
  const PairStatistic statistic(*in.scores, in.subjects, in.groupings, plan.measured,
                                plan.group_places);
  report.subjects = statistic.people();
  std::set<std::uint32_t> mated;
  for (const ScoredPair& pair : in.scores->mated) mated.insert(in.subjects[pair.a]);
  report.mated_subjects = mated.size();

  Measured measured{std::vector<double>(statistic.figures()),
                    Bootstrap(statistic.people(), statistic.figures(), options.bootstrap,
                              [&](std::span<const double> weights, std::span<double> figures) {
                                statistic.Measure(weights, figures);
                              })};
  statistic.Measure(std::vector<double>(statistic.people(), 1.0), measured.plain);
  FillPoints(in, plan, statistic, measured, &report);
  for (std::size_t q = 0; q < plan.group_points.size(); ++q) {
    for (std::size_t g = 0; g < in.groupings.size(); ++g) {
      const auto threshold =
          static_cast<float>(report.points[plan.group_points[q]].threshold.value);
      report.groups.push_back(
          ReportGroups(in, in.groupings[g], g, q, statistic, measured, threshold));
      report.groups.back().point = plan.group_points[q];
    }
  }
  return report;
}

}  // namespace candid::eval
