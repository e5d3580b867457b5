#include "candid/eval/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "candid/eval/parallel.h"

namespace candid::eval {

Spread SpreadOf(std::span<const double> values) {
  const double n = static_cast<double>(values.size());
  Spread spread;
  for (const double v : values) spread.mean += v / n;
  for (const double v : values) {
    spread.deviation += (v - spread.mean) * (v - spread.mean) / (n - 1);
  }
  spread.deviation =
      values.size() < 2 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(spread.deviation);
  return spread;
}

Interval PercentileInterval(std::vector<double> values) {
  const std::size_t all = values.size();
  std::erase_if(values, [](double v) { return std::isnan(v); });
  if (values.empty() || values.size() * 2 < all) {
    const double none = std::numeric_limits<double>::quiet_NaN();
    return {none, none};
  }
  std::sort(values.begin(), values.end());
  const double last = static_cast<double>(values.size() - 1);
  return {values[static_cast<std::size_t>(std::floor(0.025 * last))],
          values[static_cast<std::size_t>(std::ceil(0.975 * last))]};
}

Interval Replicates::interval(std::size_t figure) const {
  std::vector<double> values;
  for (std::size_t r = 0; r < size(); ++r) values.push_back(row(r)[figure]);
  return PercentileInterval(std::move(values));
}

Replicates Bootstrap(std::size_t people, std::size_t figures, const BootstrapOptions& options,
                     const Statistic& statistic) {
  const auto resamples = static_cast<std::size_t>(std::max(options.resamples, 1));
  Replicates replicates(resamples, figures);
  ParallelFor(resamples, options.jobs, [&](std::size_t, std::size_t r) {
    std::seed_seq seed{static_cast<std::uint32_t>(options.seed),
                       static_cast<std::uint32_t>(options.seed >> 32),
                       static_cast<std::uint32_t>(r)};
    std::mt19937_64 random(seed);
    std::vector<double> weights(people);
    // The remainder's bias is below 2^-40; std's distributions differ between libraries.
    for (std::size_t i = 0; i < people; ++i) weights[random() % people] += 1;
    statistic(weights, replicates.row(r));
  });
  return replicates;
}

}  // namespace candid::eval
