// Proportion: errors out of trials, and what so many trials can say at most.
#pragma once

#include <cstdint>

#include "candid/eval/bootstrap.h"

namespace candid::eval {

// Exact 95 % interval for independent trials (Clopper and Pearson 1934); {0, 1} without trials.
Interval ClopperPearson(std::uint64_t errors, std::uint64_t trials);

// The 95 % upper bound when none of n independent trials failed: 3 / n, at most 1.
double RuleOfThree(double trials);

// What resamples say of a rate, widened where so few errors were seen that they know too little: to
// the exact interval below kFewErrors, to the rule of three without any.
inline constexpr std::uint64_t kFewErrors = 5;
Interval Widened(const Interval& resampled, std::uint64_t errors, std::uint64_t trials);

// The two-sided p-value of a standard normal deviate, and the deviate of a lower-tail probability.
double TwoSided(double z);
double NormalQuantile(double probability);

}  // namespace candid::eval
