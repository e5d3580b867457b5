// Extrapolation: thresholds for false-match rates rarer than the data can count, by a Pareto tail
// over the best impostor scores. Made only when it is asked for, and always called by its name:
// nobody has seen these errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "candid/base/result.h"
#include "candid/decision/pareto_tail.h"
#include "candid/eval/bootstrap.h"
#include "candid/eval/pair_scores.h"

namespace candid::eval {

struct TailPoint {
  double fmr = 0;
  bool beyond = false;  // fewer than kCountable pairs are this rare
  Estimate threshold;   // by the tail
  double counted = 0;   // the threshold as Verify counts it; NaN beyond one pair's worth
  Estimate fnmr;        // counted, at the tail's threshold; NaN without mated pairs
};

struct TailReport {
  decision::ParetoTail tail;
  Interval shape;
  Interval scale;
  std::size_t excesses = 0;       // pairs above the tail's threshold
  double least_fmr = 0;           // it is carried no further
  std::vector<TailPoint> points;  // powers of ten from the tail's share down to least_fmr
};

// The tail is fitted to the best pairs: kTailShare of all, but kLeastTailPairs to kMostTailPairs.
inline constexpr double kTailShare = 1e-3;
inline constexpr std::size_t kLeastTailPairs = 500;
inline constexpr std::size_t kMostTailPairs = 20000;
// And may be no more than this share: a tail is the rare part.
inline constexpr double kLargestTailShare = 0.02;
// A rate with fewer pairs than this is no measurement (rule of 30).
inline constexpr double kCountable = 30;
// How far beyond the rarest countable rate it is carried.
inline constexpr double kReachBeyond = 100;

// Intervals: 95 % percentile, bootstrap over subjects, the tail fitted anew in every resample above
// the same threshold. Pure. kInvalidArgument: too few impostor pairs for a tail, or scores too
// equal to have one.
Result<TailReport> Extrapolate(const PairScores& scores, std::span<const std::uint32_t> subjects,
                               const BootstrapOptions& bootstrap);

}  // namespace candid::eval
