#include "candid/decision/pareto_tail.h"

#include <algorithm>
#include <cmath>

namespace candid::decision {
namespace {

// Under it the exponential distribution is as near as doubles can tell.
constexpr double kExponential = 1e-9;

}  // namespace

double ParetoTail::Exceedance(double score) const {
  const double excess = std::max(score - threshold, 0.0) / scale;
  if (std::abs(shape) < kExponential) return share * std::exp(-excess);
  if (1 + shape * excess <= 0) return 0;
  return share * std::exp(-std::log1p(shape * excess) / shape);
}

double ParetoTail::ScoreAt(double exceedance) const {
  const double depth = std::max(-std::log(exceedance / share), 0.0);
  if (std::abs(shape) < kExponential) return threshold + scale * depth;
  return threshold + scale * std::expm1(shape * depth) / shape;
}

}  // namespace candid::decision
