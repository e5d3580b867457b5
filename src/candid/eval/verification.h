// The 1:1 protocol over all pairs: how often strangers match and people miss themselves, at which
// threshold, for whom.
//
// A pair is accepted when its score is >= the threshold. FMR(t) = impostor pairs accepted /
// impostor pairs; FNMR(t) = mated pairs not accepted / mated pairs. Pairs with an image that failed
// to enrol are in both denominators and never accepted. The threshold for an FMR is the smallest
// observed impostor score at which FMR(t) is at most the FMR asked for (just above the best where
// ties leave none): never between two scores.
//
// Intervals: 95 % percentile, bootstrap over subjects; mated pairs count w_i times, impostor pairs
// w_i w_j times, and thresholds for an FMR are set anew in every resample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "candid/eval/bootstrap.h"
#include "candid/eval/dataset.h"
#include "candid/eval/differential.h"
#include "candid/eval/pair_scores.h"

namespace candid::eval {

struct VerificationOptions {
  std::vector<double> fmrs = {1e-2, 1e-3, 1e-4, 1e-5, 1e-6};  // each in (0, 0.1]
  std::vector<float> thresholds;                              // fixed ones, measured beside them
  BootstrapOptions bootstrap;
};

enum class Reach {
  kMeasured,
  kTooFewPairs,  // the FMR asked for is less than one impostor pair's worth
  kBelowTail,    // the threshold is lower than PairScores::tail reaches
};

struct OperatingPoint {
  std::optional<double> asked_fmr;  // none: a fixed threshold
  Reach reach = Reach::kMeasured;
  // Unless measured, nothing below is set.
  Estimate threshold;
  std::uint64_t false_matches = 0;  // few of them (under 30, say) make the threshold doubtful
  std::uint64_t misses = 0;
  Estimate fmr;
  Estimate fnmr;             // NaN without mated pairs, as the next
  Estimate fnmr_by_subject;  // mean over subjects with two images of the share of pairs missed
};

// Pairs of one group with another (or itself).
struct GroupCell {
  std::uint64_t impostor_pairs = 0;
  std::uint64_t false_matches = 0;
  std::uint64_t mated_pairs = 0;
  std::uint64_t misses = 0;
};

struct GroupFigures {
  std::size_t images = 0;
  std::size_t subjects = 0;
  std::size_t mated_subjects = 0;  // with two images of the group or more
  std::size_t failures = 0;        // to enrol
  GroupCell own;                   // pairs within the group
  Estimate fmr;                    // NaN without pairs, as the next
  Estimate fnmr;
  GroupTest fmr_test;  // against the reference group; NaN where the group is too small, as the next
  GroupTest fnmr_test;
};

struct MeasureWithInterval {
  Differentials value;
  std::vector<Interval> intervals;  // in the order of Differentials, from max_over_min to gini
};

struct GroupReport {
  std::string grouping;
  std::size_t point = 0;  // index into points: the common threshold
  std::vector<std::string> names;
  std::vector<GroupFigures> groups;
  std::vector<std::vector<GroupCell>> cells;  // groups x groups, symmetric
  std::size_t reference = 0;                  // the group with the most impostor pairs
  // Over groups of kLeastGroup subjects and more; for FNMR, of as many mated ones.
  MeasureWithInterval fmr;
  MeasureWithInterval fnmr;
  Fairness fairness;
};
// Groups of fewer subjects are shown and not compared: their rates say more about them than about
// the group.
inline constexpr std::size_t kLeastGroup = 30;

struct VerificationReport {
  std::uint64_t mated_pairs = 0;
  std::uint64_t impostor_pairs = 0;
  std::size_t subjects = 0;
  std::size_t mated_subjects = 0;      // with two images or more
  std::vector<OperatingPoint> points;  // FMRs in the order asked, then thresholds in theirs
  std::vector<GroupReport> groups;     // for each of `group_points`, each grouping
};

struct VerificationInput {
  const PairScores* scores = nullptr;
  std::span<const std::uint32_t> subjects;  // of each image
  std::span<const std::uint8_t> failed;     // of each image
  std::span<const Grouping> groupings;      // each over the same images
  std::vector<std::size_t> group_points;    // indexes into the report's points
};

// Pure; the same input and options give the same report, whatever the number of threads.
// kInvalidArgument: an option out of range, sizes that disagree, no impostor pair.
Result<VerificationReport> Verify(const VerificationInput& input,
                                  const VerificationOptions& options = {});

}  // namespace candid::eval
