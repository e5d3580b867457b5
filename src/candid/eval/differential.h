// Differentials between groups: the measures of nist.md section 3.5 over the groups' rates at one
// common threshold.
#pragma once

#include <span>
#include <vector>

#include "candid/eval/bootstrap.h"

namespace candid::eval {

struct Rate {
  double errors = 0;
  double trials = 0;

  double value() const { return errors / trials; }
  // For ratios, which a rate of zero would break: (errors + 1/2) / (trials + 1).
  double shrunk() const { return (errors + 0.5) / (trials + 1); }
};

// NaN where fewer than two groups have trials; those without are left out.
struct Differentials {
  double max_over_min = 0;
  double max_minus_min = 0;
  double max_over_geomean = 0;  // NIST's choice (IR 8429)
  double max_over_mean = 0;
  double log_spread = 0;  // exp of the standard deviation of the logarithms
  double gini = 0;        // 0 equal, 1 all in one group
  bool zero = false;      // a group without an error: shrunk() stands for its rate in the ratios
};
Differentials Differ(std::span<const Rate> groups);

// Both rates together; alpha is the weight of false matches.
struct Fairness {
  double fdr = 0;    // 1 fair: 1 - (alpha max|dFMR| + (1 - alpha) max|dFNMR|)
  double ineq = 0;   // 1 fair: (max/min FMR)^alpha (max/min FNMR)^(1 - alpha)
  double garbe = 0;  // 0 fair: alpha Gini(FMR) + (1 - alpha) Gini(FNMR)
};
inline constexpr double kFairnessAlpha = 0.5;
Fairness Judge(const Differentials& fmr, const Differentials& fnmr);

// One group against a reference group: the ratio of their rates (shrunk), whether it differs from 1
// when so many groups are compared, and the smallest ratio that data of this size would have shown.
struct GroupTest {
  double ratio = 1;
  Interval interval;
  double p_holm = 1;            // two-sided, bootstrap of log ratios, corrected by Holm's method
  double detectable_ratio = 1;  // with probability 0.8 at the 5 % level shared by all groups
};

// `replicates[r]` holds the groups' rates in resample r. Groups without an error get NaN, as all do
// where the reference has none: resamples of nothing say nothing.
std::vector<GroupTest> CompareGroups(std::span<const Rate> groups, std::size_t reference,
                                     const std::vector<std::vector<Rate>>& replicates);

}  // namespace candid::eval
