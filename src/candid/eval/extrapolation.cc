#include "candid/eval/extrapolation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "candid/eval/tail.h"
#include "candid/eval/threshold.h"

namespace candid::eval {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kRounding = 1 + 1e-12;

// Figures of one resample: shape, scale, then threshold and FNMR of every point.
constexpr std::size_t kShape = 0, kScale = 1, kPoints = 2;

struct Pair {
  float score;
  std::uint32_t i, j;  // subjects
};

class TailStatistic {
 public:
  TailStatistic(const PairScores& scores, std::span<const std::uint32_t> subjects,
                std::size_t count)
      : threshold_(scores.tail[count].score), mated_(scores.mated) {
    for (const std::uint32_t subject : subjects) {
      if (subject >= images_.size()) images_.resize(subject + 1);
      ++images_[subject];
    }
    for (std::size_t p = 0; p < count && scores.tail[p].score > threshold_; ++p) {
      const ScoredPair& pair = scores.tail[p];
      pairs_.push_back({pair.score, subjects[pair.a], subjects[pair.b]});
    }
    for (const ScoredPair& pair : scores.mated) mated_subject_.push_back(subjects[pair.a]);
  }

  std::size_t people() const { return images_.size(); }
  std::size_t excesses() const { return pairs_.size(); }

  std::optional<decision::ParetoTail> Fit(std::span<const double> weights) const {
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < images_.size(); ++i) {
      const double weighted = images_[i] * weights[i];
      sum += weighted;
      squares += weighted * weighted;
    }
    std::vector<Excess> excesses;
    excesses.reserve(pairs_.size());
    for (const Pair& pair : pairs_) {
      excesses.push_back(
          {double{pair.score} - double{threshold_}, weights[pair.i] * weights[pair.j]});
    }
    return FitTail(excesses, threshold_, (sum * sum - squares) / 2);
  }

  // The share of mated pairs below each threshold; the last is the highest.
  void Miss(std::span<const double> weights, const std::vector<TailPoint>& points,
            std::span<double> figures) const {
    double all = 0;
    for (const std::uint32_t subject : mated_subject_) all += weights[subject];
    double accepted = 0;
    std::size_t next = 0;
    for (std::size_t p = points.size(); p-- > 0;) {
      const double threshold = figures[kPoints + 2 * p];
      for (; next < mated_.size() && double{mated_[next].score} >= threshold; ++next) {
        accepted += weights[mated_subject_[next]];
      }
      figures[kPoints + 2 * p + 1] = all > 0 ? 1 - accepted / all : kNone;
    }
  }

  void Measure(std::span<const double> weights, const std::vector<TailPoint>& points,
               std::span<double> figures) const {
    std::fill(figures.begin(), figures.end(), kNone);
    const auto tail = Fit(weights);
    if (!tail) return;
    figures[kShape] = tail->shape;
    figures[kScale] = tail->scale;
    for (std::size_t p = 0; p < points.size(); ++p) {
      figures[kPoints + 2 * p] = tail->ScoreAt(points[p].fmr);
    }
    Miss(weights, points, figures);
  }

 private:
  const float threshold_;
  const std::vector<ScoredPair>& mated_;
  std::vector<double> images_;  // by subject
  std::vector<Pair> pairs_;     // above the threshold
  std::vector<std::uint32_t> mated_subject_;
};

// Verify's definition, for everybody once.
double CountedThreshold(const PairScores& scores, double fmr) {
  const double allowed = fmr * static_cast<double>(scores.impostor_pairs);
  if (allowed * kRounding < 1) return kNone;
  std::vector<float> best;  // one more than may be accepted, and its ties, tell the threshold
  for (const ScoredPair& pair : scores.tail) {
    if (static_cast<double>(best.size()) > allowed + 1) break;
    best.push_back(pair.score);
  }
  return ThresholdFor(best, allowed);
}

}  // namespace

Result<TailReport> Extrapolate(const PairScores& scores, std::span<const std::uint32_t> subjects,
                               const BootstrapOptions& bootstrap) {
  const auto all = static_cast<double>(scores.impostor_pairs);
  const auto count =
      std::clamp(static_cast<std::size_t>(kTailShare * all), kLeastTailPairs, kMostTailPairs);
  if (static_cast<double>(count) > kLargestTailShare * all || count >= scores.tail.size()) {
    return Fail(Code::kInvalidArgument,
                fmt::format("a tail wants {} pairs of different people at least, {} are there",
                            static_cast<double>(kLeastTailPairs) / kLargestTailShare,
                            scores.impostor_pairs));
  }
  const TailStatistic statistic(scores, subjects, count);
  const std::vector<double> everybody(statistic.people(), 1.0);
  const auto tail = statistic.Fit(everybody);
  if (!tail) {
    return Fail(Code::kInvalidArgument,
                fmt::format("the best {} scores of different people are too equal for a tail",
                            statistic.excesses()));
  }
  TailReport report;
  report.tail = *tail;
  report.excesses = statistic.excesses();
  report.least_fmr = kCountable / all / kReachBeyond;
  for (int power = 1; power <= 12; ++power) {
    const double fmr = std::pow(10.0, -power);
    if (fmr > tail->share || fmr * kRounding < report.least_fmr) continue;
    TailPoint& point = report.points.emplace_back();
    point.fmr = fmr;
    point.beyond = fmr * all * kRounding < kCountable;
    point.counted = CountedThreshold(scores, fmr);
  }
  const std::size_t figures = kPoints + 2 * report.points.size();
  std::vector<double> plain(figures);
  statistic.Measure(everybody, report.points, plain);
  const Replicates replicates =
      Bootstrap(statistic.people(), figures, bootstrap,
                [&](std::span<const double> weights, std::span<double> out) {
                  statistic.Measure(weights, report.points, out);
                });
  report.shape = replicates.interval(kShape);
  report.scale = replicates.interval(kScale);
  for (std::size_t p = 0; p < report.points.size(); ++p) {
    const std::size_t at = kPoints + 2 * p;
    report.points[p].threshold = {plain[at], replicates.interval(at)};
    report.points[p].fnmr = {plain[at + 1], replicates.interval(at + 1)};
  }
  return report;
}

}  // namespace candid::eval
