// The 1:1 all-pairs protocol: every image of a labelled set against every other, once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "candid/base/result.h"

namespace candid::eval {

// Borrowed; all four describe the same images in the same order.
struct LabelledTemplates {
  std::span<const float> values;            // n x dimension, row-major, rows of unit length
  std::size_t dimension = 0;                // 1..4096
  std::span<const std::uint32_t> subjects;  // n labels
  // n flags, non-zero: no template could be made. It counts against us: the image's mated pairs are
  // never accepted, its impostor pairs are counted and never match. Its row is not read.
  std::span<const std::uint8_t> failed;
};

struct Interval {
  double low = 0;
  double high = 0;
};

// A pair is accepted when its score (the inner product) is >= the threshold, so an impostor at the
// threshold is a false match: FMR(t) = impostor pairs with score >= t / impostor pairs. The
// threshold is the smallest float at which FMR(t) is at most the FMR asked for.
struct OperatingPoint {
  double asked_fmr = 0;
  // False when the FMR asked for is less than one impostor pair's worth: nothing below is then set.
  bool supported = false;
  float threshold = 0;
  std::uint64_t false_matches =
      0;                    // few of them (under 30, say) make the threshold itself doubtful
  double tar_by_pairs = 0;  // accepted mated pairs / mated pairs
  // Mean over subjects with two images or more of the share of the subject's pairs accepted.
  double tar_by_subject = 0;
  // 95 % percentile intervals, bootstrap over those subjects with the threshold held fixed: they
  // leave out the uncertainty of the threshold.
  Interval pairs_interval;
  Interval subject_interval;
};

struct VerificationOptions {
  std::vector<double> fmrs = {1e-2, 1e-3, 1e-4, 1e-5, 1e-6};  // each in (0, 0.1]
  std::uint64_t seed = 1;
  int resamples = 1000;  // 1..100000
};

struct VerificationReport {
  std::uint64_t mated_pairs = 0;
  std::uint64_t impostor_pairs = 0;
  std::vector<OperatingPoint> points;  // in the order asked
};

// Pure; one thread; the same machine, templates and options give the same report. Memory: 8 bytes a
// mated pair, and 8 bytes for each impostor pair that the largest FMR lets in. kInvalidArgument:
// sizes that disagree, a row that is not finite and of unit length (to 1e-3), an option out of
// range, no mated or no impostor pair, more than 2^24 mated pairs or more than 2^17 images.
Result<VerificationReport> Verify(const LabelledTemplates& templates,
                                  const VerificationOptions& options = {});

}  // namespace candid::eval
