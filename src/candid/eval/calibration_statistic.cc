#include "candid/eval/calibration_statistic.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "candid/decision/calibration.h"
#include "candid/eval/tail.h"

namespace candid::eval {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kRounding = 1 + 1e-12;
// Ten times as many as stand behind the last measured point.
constexpr std::size_t kTailPairs = 10 * decision::kLeastPairs;
constexpr double kMostTailShare = 0.2;

double WeightOf(const StrangerPairs::Pair& pair, std::span<const double> weights) {
  return weights[pair.i] * weights[pair.j];
}

struct Excesses {
  double threshold = 0;
  double sum = 0;     // of the weighted excesses
  double weight = 0;  // of the pairs
  std::vector<Excess> all;
};

// `count` >= 1 of the best pairs and the score that they exceed.
Excesses ExcessesOf(const StrangerPairs& group, std::size_t count,
                    std::span<const double> weights) {
  Excesses out;
  out.threshold = group.best[count].score;
  for (std::size_t k = 0; k < count; ++k) {
    const double by = double{group.best[k].score} - out.threshold;
    const double weight = WeightOf(group.best[k], weights);
    if (!(by > 0) || weight == 0) continue;
    out.all.push_back({by, weight});
    out.sum += by * weight;
    out.weight += weight;
  }
  return out;
}

}  // namespace

CalibrationStatistic::CalibrationStatistic(std::span<const StrangerPairs> groups,
                                           std::span<const double> rates)
    : groups_(groups), rates_(rates.begin(), rates.end()) {
  for (const StrangerPairs& group : groups) plans_.push_back(MakePlan(group));
}

CalibrationStatistic::Plan CalibrationStatistic::MakePlan(const StrangerPairs& group) const {
  Plan plan;
  const auto reached = static_cast<double>(group.best.size());
  while (plan.first < rates_.size() && rates_[plan.first] * group.count > reached) ++plan.first;
  plan.extrapolated = plan.first;
  while (plan.extrapolated < rates_.size() && rates_[plan.extrapolated] * group.count * kRounding >=
                                                  static_cast<double>(decision::kLeastPairs)) {
    ++plan.extrapolated;
  }
  plan.tail = std::min(kTailPairs, static_cast<std::size_t>(kMostTailShare * group.count));
  if (plan.tail + 1 > group.best.size()) plan.tail = group.best.empty() ? 0 : group.best.size() - 1;
  return plan;
}

double CalibrationStatistic::Total(const StrangerPairs& group,
                                   std::span<const double> weights) const {
  double total = 0;
  for (const auto& set : group.images) {
    double sum = 0, squares = 0;
    for (const auto& [person, images] : set) {
      const double mass = weights[person] * images;
      sum += mass;
      squares += mass * mass;
    }
    total += (sum * sum - squares) / 2;
  }
  return total;
}

void CalibrationStatistic::MeasureGroup(std::size_t g, std::span<const double> weights,
                                        double total, std::span<double> scores) const {
  const auto& best = groups_[g].best;
  const Plan& plan = plans_[g];
  // From the rarest rate that is measured to the commonest.
  std::size_t rate = plan.extrapolated;
  double above = 0;
  double threshold =
      best.empty() ? kNone
                   : std::nextafter(best.front().score, std::numeric_limits<float>::infinity());
  for (std::size_t k = 0; k < best.size() && rate > plan.first;) {
    std::size_t end = k;
    double tied = 0;
    for (; end < best.size() && best[end].score == best[k].score; ++end) {
      tied += WeightOf(best[end], weights);
    }
    while (rate > plan.first && above + tied > rates_[rate - 1] * total * kRounding) {
      scores[--rate] = threshold;
    }
    if (tied > 0) threshold = best[k].score;
    above += tied;
    k = end;
  }
  // Reached the end of what is known: the resample's rate is lower there, the score no higher.
  while (rate > plan.first) scores[--rate] = threshold;
}

std::optional<decision::ParetoTail> CalibrationStatistic::Tail(
    std::span<const double> weights) const {
  if (plans_.front().tail == 0) return std::nullopt;
  const Excesses e = ExcessesOf(groups_.front(), plans_.front().tail, weights);
  const double total = Total(groups_.front(), weights);
  if (!(e.weight > 0) || !(total > 0)) return std::nullopt;
  const auto fitted = FitTail(e.all, e.threshold, total);
  // Without a fit: exponential.
  const double shape = fitted ? fitted->shape : 0;
  // The mean excess of such a tail is scale / (1 - shape).
  return decision::ParetoTail{e.threshold, shape, e.sum / e.weight * (1 - shape), e.weight / total};
}

void CalibrationStatistic::Measure(std::span<const double> weights,
                                   std::span<double> figures) const {
  std::fill(figures.begin(), figures.end(), kNone);
  const auto tail = Tail(weights);
  const auto everybody = figures.subspan(at(0, 0), rates_.size());
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const Plan& plan = plans_[g];
    const auto scores = figures.subspan(at(g, 0), rates_.size());
    const double total = Total(groups_[g], weights);
    if (!(total > 0)) continue;
    MeasureGroup(g, weights, total, scores);
    if (plan.extrapolated == plan.first || !tail || !(tail->scale > 0)) continue;
    // From the last measured point on, so that the curve has no step: everybody by the tail, a
    // group as everybody goes on from that rate.
    const std::size_t last = plan.extrapolated - 1;
    const double from =
        g == 0 ? tail->ScoreAt(std::min(rates_[last], tail->share)) : everybody[last];
    for (std::size_t r = plan.extrapolated; r < rates_.size(); ++r) {
      const double to = g == 0 ? tail->ScoreAt(std::min(rates_[r], tail->share)) : everybody[r];
      scores[r] = scores[last] + to - from;
    }
  }
}

}  // namespace candid::eval
