#include "candid/eval/proportion.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>

namespace candid::eval {

Interval ClopperPearson(std::uint64_t errors, std::uint64_t trials) {
  if (trials == 0) return {0, 1};
  const auto k = static_cast<double>(errors), n = static_cast<double>(trials);
  return {errors == 0 ? 0 : boost::math::ibeta_inv(k, n - k + 1, 0.025),
          errors == trials ? 1 : boost::math::ibeta_inv(k + 1, n - k, 0.975)};
}

double RuleOfThree(double trials) { return trials <= 3 ? 1 : 3 / trials; }

Interval Widened(const Interval& resampled, std::uint64_t errors, std::uint64_t trials) {
  if (errors >= kFewErrors || trials == 0) return resampled;
  if (errors == 0) return {0, RuleOfThree(static_cast<double>(trials))};
  const Interval exact = ClopperPearson(std::min(errors, trials), trials);
  // NaN, where most resamples had no such pair, gives way.
  return {std::fmin(resampled.low, exact.low), std::fmax(resampled.high, exact.high)};
}

double TwoSided(double z) { return std::erfc(std::abs(z) / std::sqrt(2.0)); }

double NormalQuantile(double probability) {
  return boost::math::quantile(boost::math::normal(), probability);
}

}  // namespace candid::eval
