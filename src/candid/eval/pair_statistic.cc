#include "candid/eval/pair_statistic.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace candid::eval {
namespace {

constexpr std::size_t kPointFigures = 4;
constexpr std::size_t kGroupFigures = 4;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
// A whole number of pairs times an FMR may come out a hair below what it is.
constexpr double kRounding = 1 + 1e-12;

// Pairs of different subjects in a group: half of (sum)^2 - sum of squares.
double PairsAcross(const std::vector<std::pair<std::uint32_t, double>>& counts,
                   std::span<const double> weights) {
  double sum = 0, squares = 0;
  for (const auto& [subject, count] : counts) {
    const double weighted = count * weights[subject];
    sum += weighted;
    squares += weighted * weighted;
  }
  return (sum * sum - squares) / 2;
}

}  // namespace

PairStatistic::PairStatistic(const PairScores& scores, std::span<const std::uint32_t> subjects,
                             std::span<const Grouping> groupings, std::vector<PointAsked> points,
                             std::vector<std::size_t> group_points)
    : scores_(scores), points_(std::move(points)), group_points_(std::move(group_points)) {
  for (const std::uint32_t subject : subjects) {
    if (subject >= images_.size()) images_.resize(subject + 1);
    ++images_[subject];
  }
  for (const double count : images_) mated_.push_back(count * (count - 1) / 2);
  tail_.reserve(scores.tail.size());
  for (const ScoredPair& pair : scores.tail) {
    tail_.push_back({pair.score, subjects[pair.a], subjects[pair.b]});
  }
  for (const ScoredPair& pair : scores.mated) mated_subject_.push_back(subjects[pair.a]);
  if (group_points_.empty()) return;
  for (const Grouping& grouping : groupings) {
    own_.push_back(MakeOwn(grouping, subjects));
    own_.back().offset = group_figures_;
    group_figures_ += grouping.groups.size() * kGroupFigures;
  }
}

PairStatistic::Own PairStatistic::MakeOwn(const Grouping& grouping,
                                          std::span<const std::uint32_t> subjects) const {
  Own own;
  own.groups = grouping.groups.size();
  const auto keep = [&](const std::vector<ScoredPair>& from, std::vector<OwnPair>* to) {
    for (std::uint32_t p = 0; p < from.size(); ++p) {
      const std::uint16_t group = grouping.of_image[from[p].a];
      if (group == kNoGroup || group != grouping.of_image[from[p].b]) continue;
      to->push_back({p, group});
    }
  };
  keep(scores_.tail, &own.tail);
  keep(scores_.mated, &own.mated);
  std::vector<std::map<std::uint32_t, double>> images(own.groups);
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    if (grouping.of_image[i] != kNoGroup) ++images[grouping.of_image[i]][subjects[i]];
  }
  for (const auto& group : images) {
    own.images.emplace_back(group.begin(), group.end());
    own.pairs.emplace_back();
    for (const auto& [subject, count] : group) {
      if (count > 1) own.pairs.back().emplace_back(subject, count * (count - 1) / 2);
    }
  }
  return own;
}

std::size_t PairStatistic::figures() const {
  return points_.size() * kPointFigures + group_points_.size() * group_figures_;
}

double PairStatistic::ImpostorWeight(std::span<const double> weights) const {
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < images_.size(); ++i) {
    const double weighted = images_[i] * weights[i];
    sum += weighted;
    squares += weighted * weighted;
  }
  return (sum * sum - squares) / 2;
}

std::vector<PairStatistic::Reached> PairStatistic::MeasurePoints(std::span<const double> weights,
                                                                 std::span<double> figures) const {
  const double impostors = ImpostorWeight(weights);
  double mated = 0, mated_people = 0;
  for (std::size_t i = 0; i < mated_.size(); ++i) {
    mated += weights[i] * mated_[i];
    mated_people += mated_[i] > 0 ? weights[i] : 0;
  }
  std::vector<Reached> reached(points_.size());
  std::vector<std::size_t> order(points_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<double> false_matches(points_.size());

  // One way down the tail for all FMRs, from the strictest on.
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return points_[a].fmr < points_[b].fmr; });
  std::size_t position = 0;
  double above = 0;  // weight of tail_[0 .. position)
  float lowest = 0;  // the lowest score among them that weighs anything
  bool any = false;
  for (const std::size_t p : order) {
    if (points_[p].fmr == 0) continue;
    const double allowed = points_[p].fmr * impostors * kRounding;
    while (position < tail_.size()) {
      std::size_t end = position;
      double tied = 0;
      for (; end < tail_.size() && tail_[end].score == tail_[position].score; ++end) {
        tied += weights[tail_[end].i] * weights[tail_[end].j];
      }
      if (above + tied > allowed) break;
      if (tied > 0) {
        lowest = tail_[position].score;
        any = true;
      }
      above += tied;
      position = end;
    }
    const float best = tail_.empty() ? -1 : tail_.front().score;
    figures[p * kPointFigures] =
        any ? lowest : std::nextafter(best, std::numeric_limits<float>::infinity());
    false_matches[p] = above;
    reached[p].tail = position;
  }
  for (std::size_t p = 0; p < points_.size(); ++p) {
    if (points_[p].fmr != 0) continue;
    figures[p * kPointFigures] = points_[p].threshold;
    const auto end = std::partition_point(tail_.begin(), tail_.end(), [&](const Pair& pair) {
      return pair.score >= points_[p].threshold;
    });
    reached[p].tail = static_cast<std::size_t>(end - tail_.begin());
    for (auto at = tail_.begin(); at != end; ++at) {
      false_matches[p] += weights[at->i] * weights[at->j];
    }
  }

  // And one down the mated pairs, from the highest threshold on.
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return figures[a * kPointFigures] > figures[b * kPointFigures];
  });
  std::size_t next = 0;
  double accepted = 0, shares = 0;
  for (const std::size_t p : order) {
    const auto threshold = static_cast<float>(figures[p * kPointFigures]);
    for (; next < scores_.mated.size() && scores_.mated[next].score >= threshold; ++next) {
      const std::uint32_t subject = mated_subject_[next];
      accepted += weights[subject];
      shares += weights[subject] / mated_[subject];
    }
    reached[p].mated = next;
    figures[p * kPointFigures + 1] = impostors > 0 ? false_matches[p] / impostors : kNone;
    figures[p * kPointFigures + 2] = mated > 0 ? 1 - accepted / mated : kNone;
    figures[p * kPointFigures + 3] = mated_people > 0 ? 1 - shares / mated_people : kNone;
  }
  return reached;
}

void PairStatistic::MeasureGroups(const Own& own, std::span<const double> weights,
                                  const std::vector<Reached>& reached,
                                  std::span<double> figures) const {
  std::vector<GroupRates> trials(own.groups);
  for (std::size_t g = 0; g < own.groups; ++g) {
    trials[g].fmr.trials = PairsAcross(own.images[g], weights);
    for (const auto& [subject, pairs] : own.pairs[g]) {
      trials[g].fnmr.trials += weights[subject] * pairs;
    }
  }
  for (std::size_t q = 0; q < group_points_.size(); ++q) {
    std::vector<double> matched(own.groups), accepted(own.groups);
    const Reached& end = reached[group_points_[q]];
    for (const OwnPair& pair : own.tail) {
      if (pair.position >= end.tail) break;
      matched[pair.group] += weights[tail_[pair.position].i] * weights[tail_[pair.position].j];
    }
    for (const OwnPair& pair : own.mated) {
      if (pair.position >= end.mated) break;
      accepted[pair.group] += weights[mated_subject_[pair.position]];
    }
    double* out = figures.data() + points_.size() * kPointFigures + q * group_figures_ + own.offset;
    for (std::size_t g = 0; g < own.groups; ++g, out += kGroupFigures) {
      out[0] = matched[g];
      out[1] = trials[g].fmr.trials;
      out[2] = trials[g].fnmr.trials - accepted[g];
      out[3] = trials[g].fnmr.trials;
    }
  }
}

void PairStatistic::Measure(std::span<const double> weights, std::span<double> figures) const {
  const std::vector<Reached> reached = MeasurePoints(weights, figures);
  for (const Own& own : own_) MeasureGroups(own, weights, reached, figures);
}

PointFigures PairStatistic::point(std::span<const double> figures, std::size_t point) const {
  const double* at = figures.data() + point * kPointFigures;
  return {at[0], at[1], at[2], at[3]};
}

GroupRates PairStatistic::group(std::span<const double> figures, std::size_t group_point,
                                std::size_t grouping, std::size_t group) const {
  const double* at = figures.data() + points_.size() * kPointFigures +
                     group_point * group_figures_ + own_[grouping].offset + group * kGroupFigures;
  return {{at[0], at[1]}, {at[2], at[3]}};
}

}  // namespace candid::eval
