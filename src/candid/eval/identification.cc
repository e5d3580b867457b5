#include "candid/eval/identification.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "candid/eval/proportion.h"

namespace candid::eval {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kRounding = 1 + 1e-12;
constexpr std::size_t kRanks[] = {1, 5, 10, 20, 50};

struct Weighted {
  float score;
  double weight;
};

// The protocol's threshold; `best` is sorted, best first, `total` the weight of all searches.
double ThresholdFor(const std::vector<Weighted>& best, double fpir, double total) {
  const double allowed = fpir * total * kRounding;
  double above = 0;
  double threshold =
      best.empty() ? -1
                   : std::nextafter(best.front().score, std::numeric_limits<float>::infinity());
  for (std::size_t i = 0; i < best.size();) {
    std::size_t end = i;
    double tied = 0;
    for (; end < best.size() && best[end].score == best[i].score; ++end) tied += best[end].weight;
    if (above + tied > allowed) break;
    if (tied > 0) threshold = best[i].score;
    above += tied;
    i = end;
  }
  return threshold;
}

// All figures for searched people who count a given number of times each.
class SearchStatistic {
 public:
  SearchStatistic(const SearchSet& set, const IdentificationOptions& options,
                  std::span<const Grouping> groupings)
      : set_(set), options_(options), groupings_(groupings) {
    for (const Search& search : set.searches) {
      (search.mate_entry ? mated_ : others_).push_back(&search);
    }
    for (std::size_t s = 0; s < set.sizes.size(); ++s) {
      auto& order = order_.emplace_back(others_);
      std::stable_sort(order.begin(), order.end(), [s](const Search* a, const Search* b) {
        return a->best_other[s] > b->best_other[s];
      });
    }
    for (const Search* search : mated_) {
      if (*search->mate_entry < set.sizes.back()) in_smallest_.push_back(search);
    }
    for (const std::size_t rank : kRanks) {
      if (rank <= set.gallery.size()) ranks_.push_back(rank);
    }
    for (const Grouping& grouping : groupings) group_count_ += grouping.groups.size();
  }

  std::size_t points() const { return options_.fpirs.size() + options_.thresholds.size(); }
  const std::vector<std::size_t>& ranks() const { return ranks_; }
  std::size_t fixed() const { return options_.thresholds.size(); }

  // Where figures lie.
  std::size_t point_at(std::size_t p) const { return p * 3; }
  std::size_t rank_at(std::size_t r) const { return points() * 3 + r; }
  std::size_t growth_at(std::size_t s) const { return rank_at(ranks_.size()) + s * (fixed() + 2); }
  std::size_t group_at(std::size_t p, std::size_t group) const {
    return growth_at(set_.sizes.size()) + (p * group_count_ + group) * 4;
  }
  std::size_t figures() const { return group_at(points(), 0); }

  void Measure(std::span<const double> weights, std::span<double> out) const {
    double strangers = 0, mates = 0;
    for (const Search* s : others_) strangers += weights[s->subject];
    for (const Search* s : mated_) mates += weights[s->subject];
    const std::vector<Weighted> best = Best(weights, 0);
    for (std::size_t p = 0; p < points(); ++p) {
      const bool asked = p < options_.fpirs.size();
      const double fixed = asked ? 0 : options_.thresholds[p - options_.fpirs.size()];
      const double t = asked ? ThresholdFor(best, options_.fpirs[p], strangers) : fixed;
      double* figures = out.data() + point_at(p);
      figures[0] = t;
      figures[1] = Reaching(best, t) / strangers;
      figures[2] = Missed(mated_, weights, t) / mates;
      MeasureGroups(weights, t, out.subspan(group_at(p, 0), group_count_ * 4));
    }
    for (std::size_t r = 0; r < ranks_.size(); ++r) {
      double missed = 0;
      for (const Search* s : mated_) {
        missed += s->mate == kNoScore || s->better >= ranks_[r] ? weights[s->subject] : 0;
      }
      out[rank_at(r)] = missed / mates;
    }
    MeasureGrowth(weights, strangers, out);
  }

  bool Misses(const Search& s, double t) const { return !(s.mate >= t) || s.better >= kCandidates; }
  std::size_t in_smallest() const { return in_smallest_.size(); }
  const std::vector<const Search*>& mated() const { return mated_; }
  const std::vector<const Search*>& others() const { return others_; }

 private:
  std::vector<Weighted> Best(std::span<const double> weights, std::size_t size) const {
    std::vector<Weighted> best;
    for (const Search* s : order_[size]) {
      if (s->best_other[size] == kNoScore) break;
      best.push_back({s->best_other[size], weights[s->subject]});
    }
    return best;
  }

  static double Reaching(const std::vector<Weighted>& best, double t) {
    double sum = 0;
    for (const Weighted& one : best) {
      if (!(one.score >= t)) break;
      sum += one.weight;
    }
    return sum;
  }

  double Missed(const std::vector<const Search*>& searches, std::span<const double> weights,
                double t) const {
    double sum = 0;
    for (const Search* s : searches) sum += Misses(*s, t) ? weights[s->subject] : 0;
    return sum;
  }

  void MeasureGrowth(std::span<const double> weights, double strangers,
                     std::span<double> out) const {
    double mates = 0;
    for (const Search* s : in_smallest_) mates += weights[s->subject];
    for (std::size_t size = 0; size < set_.sizes.size(); ++size) {
      const std::vector<Weighted> best = Best(weights, size);
      double* figures = out.data() + growth_at(size);
      for (std::size_t f = 0; f < fixed(); ++f) {
        figures[f] = Reaching(best, options_.thresholds[f]) / strangers;
      }
      const double t = ThresholdFor(best, kGrowthFpir, strangers);
      double missed = 0, not_first = 0;
      for (const Search* s : in_smallest_) {
        missed += s->mate >= t ? 0 : weights[s->subject];
        not_first += s->mate > s->best_other[size] ? 0 : weights[s->subject];
      }
      figures[fixed()] = missed / mates;
      figures[fixed() + 1] = not_first / mates;
    }
  }

  void MeasureGroups(std::span<const double> weights, double t, std::span<double> out) const {
    std::fill(out.begin(), out.end(), 0);
    std::size_t first = 0;
    for (const Grouping& grouping : groupings_) {
      for (const Search& s : set_.searches) {
        const std::uint16_t group = grouping.of_image[s.image];
        if (group == kNoGroup) continue;
        const double weight = weights[s.subject];
        double* figures = out.data() + (first + group) * 4;
        if (s.mate_entry) {
          figures[2] += Misses(s, t) ? weight : 0;
          figures[3] += weight;
        } else {
          figures[0] += s.best_other[0] >= t ? weight : 0;
          figures[1] += weight;
        }
      }
      first += grouping.groups.size();
    }
  }

  const SearchSet& set_;
  const IdentificationOptions& options_;
  const std::span<const Grouping> groupings_;
  std::vector<const Search*> mated_, others_, in_smallest_;
  std::vector<std::vector<const Search*>> order_;  // by nested gallery: others_, best first
  std::vector<std::size_t> ranks_;
  std::size_t group_count_ = 0;
};

struct Measured {
  std::vector<double> plain;
  Replicates replicates;

  Estimate estimate(std::size_t figure) const {
    return {plain[figure], replicates.interval(figure)};
  }
  // Of a ratio of two figures.
  Estimate ratio(std::size_t above, std::size_t below) const {
    std::vector<double> values;
    for (std::size_t r = 0; r < replicates.size(); ++r) {
      values.push_back(replicates.row(r)[above] / replicates.row(r)[below]);
    }
    return {plain[above] / plain[below], PercentileInterval(std::move(values))};
  }
};

void FillPoints(const SearchStatistic& statistic, const IdentificationOptions& options,
                const Measured& measured, IdentificationReport* report) {
  for (std::size_t p = 0; p < statistic.points(); ++p) {
    SearchPoint& point = report->points.emplace_back();
    if (p < options.fpirs.size()) point.asked_fpir = options.fpirs[p];
    const double searches = static_cast<double>(report->non_mated_searches);
    point.supported = !point.asked_fpir || *point.asked_fpir * searches * kRounding >= 1;
    if (!point.supported) continue;
    const std::size_t at = statistic.point_at(p);
    point.threshold = measured.estimate(at);
    point.fpir = measured.estimate(at + 1);
    point.fnir = measured.estimate(at + 2);
    const double t = point.threshold.value;
    for (const Search* s : statistic.mated()) point.misses += statistic.Misses(*s, t) ? 1 : 0;
    double candidates = 0;
    for (const Search* s : statistic.others()) {
      const auto end = std::partition_point(s->others.begin(), s->others.end(),
                                            [t](const Candidate& c) { return c.score >= t; });
      candidates += static_cast<double>(end - s->others.begin());
      point.false_positives += end != s->others.begin() ? 1 : 0;
    }
    point.selectivity = candidates / searches;
    point.fpir.interval =
        Widened(point.fpir.interval, point.false_positives, report->non_mated_searches);
    point.fnir.interval = Widened(point.fnir.interval, point.misses, report->mated_searches);
  }
}

void FillRanksAndGrowth(const SearchSet& set, const SearchStatistic& statistic,
                        const Measured& measured, IdentificationReport* report) {
  for (std::size_t r = 0; r < statistic.ranks().size(); ++r) {
    RankPoint& point = report->ranks.emplace_back();
    point.rank = statistic.ranks()[r];
    point.miss_rate = measured.estimate(statistic.rank_at(r));
    for (const Search* s : statistic.mated()) {
      point.misses += s->mate == kNoScore || s->better >= point.rank ? 1 : 0;
    }
    point.miss_rate.interval =
        Widened(point.miss_rate.interval, point.misses, report->mated_searches);
  }
  for (std::size_t size = 0; size < set.sizes.size(); ++size) {
    GrowthPoint& point = report->growth.emplace_back();
    const std::size_t at = statistic.growth_at(size);
    point.gallery = set.sizes[size];
    point.mated = statistic.in_smallest();
    for (std::size_t f = 0; f < statistic.fixed(); ++f) {
      point.fpir.push_back(measured.estimate(at + f));
    }
    point.fnir = measured.estimate(at + statistic.fixed());
    point.rank_one_miss = measured.estimate(at + statistic.fixed() + 1);
  }
}

void FillGroups(const SearchStatistic& statistic, std::span<const Grouping> groupings,
                const Measured& measured, IdentificationReport* report) {
  for (std::size_t p = 0; p < report->points.size(); ++p) {
    std::size_t first = 0;
    for (const Grouping& grouping : groupings) {
      const std::size_t from = first;
      first += grouping.groups.size();
      if (!report->points[p].supported) continue;
      SearchGroupReport& groups = report->groups.emplace_back();
      groups.grouping = grouping.name;
      groups.point = p;
      groups.names = grouping.groups;
      for (std::size_t g = 0; g < grouping.groups.size(); ++g) {
        const std::size_t at = statistic.group_at(p, from + g);
        const auto count = [&](std::size_t figure) {
          return static_cast<std::uint64_t>(measured.plain[at + figure]);
        };
        SearchGroup& group = groups.groups.emplace_back(
            SearchGroup{count(1), count(0), count(3), count(2), measured.ratio(at, at + 1),
                        measured.ratio(at + 2, at + 3)});
        group.fpir.interval = Widened(group.fpir.interval, group.false_positives, group.non_mated);
        group.fnir.interval = Widened(group.fnir.interval, group.misses, group.mated);
      }
    }
  }
}

}  // namespace

Result<IdentificationReport> Identify(const SearchSet& set, std::size_t people,
                                      std::span<const Grouping> groupings,
                                      const IdentificationOptions& options) {
  for (const double fpir : options.fpirs) {
    if (!(fpir > 0 && fpir < 1)) {
      return Fail(Code::kInvalidArgument, "every FPIR must be above 0 and below 1");
    }
  }
  IdentificationReport report;
  report.gallery = set.gallery.size();
  report.mated_searches = set.mated;
  report.non_mated_searches = set.searches.size() - set.mated;
  std::set<std::uint32_t> mated, others;
  for (const Search& s : set.searches) (s.mate_entry ? mated : others).insert(s.subject);
  report.mated_people = mated.size();
  report.non_mated_people = others.size();
  const SearchStatistic statistic(set, options, groupings);
  Measured measured{std::vector<double>(statistic.figures()),
                    Bootstrap(people, statistic.figures(), options.bootstrap,
                              [&](std::span<const double> weights, std::span<double> figures) {
                                statistic.Measure(weights, figures);
                              })};
  statistic.Measure(std::vector<double>(people, 1.0), measured.plain);
  FillPoints(statistic, options, measured, &report);
  FillRanksAndGrowth(set, statistic, measured, &report);
  FillGroups(statistic, groupings, measured, &report);
  return report;
}

}  // namespace candid::eval
