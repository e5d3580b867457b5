// Bootstrap over people: how far a figure moves when other people of the same kind are measured.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace candid::eval {

struct Interval {
  double low = 0;
  double high = 0;
};

// A figure with its 95 % interval; NaN where it is not defined.
struct Estimate {
  double value = 0;
  Interval interval;
};

// Of a figure over repeated draws.
struct Spread {
  double mean = 0;
  double deviation = 0;  // standard, of the sample; NaN for fewer than two draws
};
Spread SpreadOf(std::span<const double> values);

struct BootstrapOptions {
  std::uint64_t seed = 1;
  int resamples = 1000;  // at least 1
  std::size_t jobs = 1;  // threads; the result does not depend on their number
};

// Writes every figure for people that count `weights[i]` times each; NaN where a figure is not
// defined. Called from several threads at once.
using Statistic = std::function<void(std::span<const double> weights, std::span<double> figures)>;

// The figures of every resample.
class Replicates {
 public:
  Replicates(std::size_t resamples, std::size_t figures)
      : figures_(figures), values_(resamples * figures) {}

  std::size_t size() const { return figures_ == 0 ? 0 : values_.size() / figures_; }
  std::span<double> row(std::size_t r) { return {values_.data() + r * figures_, figures_}; }
  std::span<const double> row(std::size_t r) const {
    return {values_.data() + r * figures_, figures_};
  }
  // Of one figure.
  Interval interval(std::size_t figure) const;

 private:
  std::size_t figures_;
  std::vector<double> values_;
};

// Each resample draws `people` of them with replacement. The draws depend on the seed and the
// resample's number only.
Replicates Bootstrap(std::size_t people, std::size_t figures, const BootstrapOptions& options,
                     const Statistic& statistic);

// The 2.5th and 97.5th percentile, rounded outwards, of those that are not NaN; NaN where more than
// half are.
Interval PercentileInterval(std::vector<double> values);

}  // namespace candid::eval
