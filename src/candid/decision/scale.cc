#include "candid/decision/scale.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "candid/base/check.h"

namespace candid::decision {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kDefaultFmr = 1e-3;  // of similarity 80
constexpr double kStrictFmr = 1e-6;   // of similarity 99
constexpr double kDefault = 80;
constexpr double kStrict = 99;
// Exp(-this) is nothing beside 100 in double precision: from here on it is 100.
constexpr double kIdentity = 33;

// models.md section 9: mobilefacenet's cosines on lfw-dev.
constexpr std::array<std::array<double, 2>, 5> kProvisional{
    {{1e-2, 0.351}, {1e-3, 0.455}, {1e-4, 0.536}, {1e-5, 0.601}, {1e-6, 0.660}}};

double Between(double x, double x0, double x1, double y0, double y1) {
  return y0 + (x - x0) / (x1 - x0) * (y1 - y0);
}

// Index of the last of `points` whose rate is at least `fmr`; the first where none is.
template <typename P>
std::size_t LastAtLeast(const std::vector<P>& points, double fmr) {
  const auto after =
      std::partition_point(points.begin(), points.end(), [&](const P& p) { return p.fmr >= fmr; });
  return after == points.begin() ? 0 : static_cast<std::size_t>(after - points.begin()) - 1;
}

// Straight lines of score over log FMR; `fmr` within the points'.
template <typename P>
double ScoreAt(const std::vector<P>& points, double fmr) {
  const std::size_t i = std::min(LastAtLeast(points, fmr), points.size() - 2);
  return Between(std::log(fmr), std::log(points[i].fmr), std::log(points[i + 1].fmr),
                 points[i].score, points[i + 1].score);
}

enum class End { kLow, kScore, kHigh };

// Scores whose ranges' ends cross (the worst group changes) are taken as rising all the same.
template <typename P>
std::vector<double> Curve(const std::vector<P>& points, End end) {
  std::vector<double> scores;
  for (const P& p : points) {
    const double s = end == End::kLow    ? p.score_range.low
                     : end == End::kHigh ? p.score_range.high
                                         : p.score;
    scores.push_back(scores.empty() ? s : std::max(s, scores.back()));
  }
  return scores;
}

// The rate at a score within or beyond a rising curve, held to the points' rates.
template <typename P>
double RateAt(const std::vector<P>& points, const std::vector<double>& scores, double score) {
  if (!(score > scores.front())) return points.front().fmr;
  if (score >= scores.back()) return points.back().fmr;
  const auto upper = std::upper_bound(scores.begin(), scores.end(), score);
  const auto i = static_cast<std::size_t>(upper - scores.begin()) - 1;
  return std::exp(Between(score, scores[i], scores[i + 1], std::log(points[i].fmr),
                          std::log(points[i + 1].fmr)));
}

Basis BasisOf(const GroupCalibration& group, double fmr) {
  return fmr * (1 + 1e-6) >= group.measured_to ? Basis::kMeasured : Basis::kExtrapolated;
}

struct Curves {
  std::vector<double> score;
  std::vector<double> low;
  std::vector<double> high;
};

template <typename P>
Curves CurvesOf(const std::vector<P>& points) {
  return {Curve(points, End::kScore), Curve(points, End::kLow), Curve(points, End::kHigh)};
}

template <typename P>
StatedRate Stated(const std::vector<P>& points, const Curves& curves, double score) {
  StatedRate rate;
  rate.fmr = RateAt(points, curves.score, score);
  // A curve of lower scores reaches a score at a lower rate.
  rate.range = {RateAt(points, curves.low, score), RateAt(points, curves.high, score)};
  return rate;
}

bool Beyond(double score, double first, double last) { return !(score >= first && score <= last); }

std::vector<Scale::Point> WorstOf(const Calibration& table) {
  // The rates of all groups' points, so that no corner is cut.
  std::vector<double> rates;
  for (const GroupCalibration& group : table.groups) {
    for (const RatePoint& point : group.points) rates.push_back(point.fmr);
  }
  std::sort(rates.rbegin(), rates.rend());
  rates.erase(std::unique(rates.begin(), rates.end()), rates.end());
  std::vector<Scale::Point> worst;
  for (const double fmr : rates) {
    Scale::Point point;
    point.score = -kInfinity;
    for (std::size_t g = 0; g < table.groups.size(); ++g) {
      const GroupCalibration& group = table.groups[g];
      if (fmr > group.points.front().fmr) continue;
      const double score = ScoreAt(group.points, fmr);
      if (!(score > point.score)) continue;
      const std::size_t i = std::min(LastAtLeast(group.points, fmr), group.points.size() - 2);
      const auto end = [&](double Range::* which) {
        return Between(std::log(fmr), std::log(group.points[i].fmr),
                       std::log(group.points[i + 1].fmr), group.points[i].score_range.*which,
                       group.points[i + 1].score_range.*which);
      };
      point = {fmr, score, {end(&Range::low), end(&Range::high)}, BasisOf(group, fmr), g};
    }
    // A group that starts here may stand above one that was left: never fall.
    if (!worst.empty() && !(point.score > worst.back().score)) continue;
    worst.push_back(point);
  }
  return worst;
}

// The rate of a similarity up to 99: SimilarityAt's inverse.
double FmrOfSimilarity(double similarity) {
  const double decades = similarity <= kDefault
                             ? similarity / kDefault * 3
                             : 3 + (similarity - kDefault) / (kStrict - kDefault) * 3;
  return std::pow(10, -decades);
}

}  // namespace

std::string_view NameOf(Basis basis) {
  switch (basis) {
    case Basis::kMeasured:
      return "MEASURED";
    case Basis::kExtrapolated:
      return "EXTRAPOLATED";
    case Basis::kBound:
      return "BOUND";
  }
  return "";
}

double SimilarityAt(double fmr) {
  const double decades = -std::log10(fmr);
  if (decades <= 3) return decades / 3 * kDefault;
  return kDefault + (decades - 3) / 3 * (kStrict - kDefault);
}

struct Scale::State {
  bool calibrated = false;
  Calibration table;
  std::vector<Point> worst;
  Curves curves;
  // Where the straight lines end: at the first point, and at similarity 99.
  double first_score = 0;
  double first_similarity = 0;
  double first_slope = 0;  // of the similarity over the score there
  double strict_score = 0;
  double strict_slope = 0;

  void Prepare() {
    CANDID_CHECK(worst.size() >= 2);
    curves = CurvesOf(worst);
    first_score = worst[0].score;
    first_similarity = SimilarityAt(worst[0].fmr);
    first_slope =
        (SimilarityAt(worst[1].fmr) - first_similarity) / (worst[1].score - worst[0].score);
    strict_score = ScoreAt(worst, kStrictFmr);
    strict_slope = (kStrict - kDefault) / (strict_score - ScoreAt(worst, kDefaultFmr));
  }
};

Scale::Scale() {
  State state;
  for (const auto& [fmr, score] : kProvisional) {
    state.worst.push_back({fmr, score, {score, score}, Basis::kMeasured, 0});
  }
  state.Prepare();
  state_ = std::make_shared<const State>(std::move(state));
}

Scale::Scale(Calibration table) {
  State state;
  state.calibrated = true;
  state.worst = WorstOf(table);
  state.table = std::move(table);
  state.Prepare();
  state_ = std::make_shared<const State>(std::move(state));
}

bool Scale::calibrated() const { return state_->calibrated; }
const Calibration& Scale::table() const { return state_->table; }
const std::vector<Scale::Point>& Scale::worst() const { return state_->worst; }

double Scale::SimilarityOf(double score) const {
  const State& s = *state_;
  if (score < s.first_score) {
    return s.first_similarity *
           std::exp((score - s.first_score) * s.first_slope / s.first_similarity);
  }
  if (score <= s.strict_score) {
    return SimilarityAt(RateAt(s.worst, s.curves.score, score));
  }
  const double beyond = (score - s.strict_score) * s.strict_slope;
  return beyond >= kIdentity ? 100 : 100 - std::exp(-beyond);
}

double Scale::ScoreOf(double similarity) const {
  const State& s = *state_;
  if (similarity <= 0) return -kInfinity;
  if (similarity < s.first_similarity) {
    return s.first_score +
           std::log(similarity / s.first_similarity) * s.first_similarity / s.first_slope;
  }
  if (similarity <= kStrict) return ScoreAt(s.worst, FmrOfSimilarity(similarity));
  const double left = 100 - similarity;
  return s.strict_score +
         (left <= std::exp(-kIdentity) ? kIdentity : -std::log(left)) / s.strict_slope;
}

StatedRate Scale::RateOf(double score) const {
  const State& s = *state_;
  CANDID_CHECK(s.calibrated);
  StatedRate rate = Stated(s.worst, s.curves, score);
  // The point whose stretch it lies in, by the end of the lower rate.
  const auto next = std::partition_point(s.worst.begin(), s.worst.end(),
                                         [&](const Point& p) { return p.score < score; });
  const Point& point = next == s.worst.end() ? s.worst.back() : *next;
  rate.group = s.table.groups[point.group].name;
  rate.basis =
      Beyond(score, s.worst.front().score, s.worst.back().score) ? Basis::kBound : point.basis;
  return rate;
}

double Scale::ScoreFor(double fmr) const {
  const State& s = *state_;
  if (fmr >= s.worst.front().fmr) return s.first_score;
  if (fmr < s.worst.back().fmr * (1 - 1e-9)) return kInfinity;
  return ScoreAt(s.worst, std::max(fmr, s.worst.back().fmr));
}

StatedRate RateOf(const GroupCalibration& group, double score) {
  StatedRate rate = Stated(group.points, CurvesOf(group.points), score);
  rate.group = group.name;
  rate.basis = Beyond(score, group.points.front().score, group.points.back().score)
                   ? Basis::kBound
                   : BasisOf(group, rate.fmr);
  return rate;
}

}  // namespace candid::decision
