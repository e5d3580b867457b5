// PairScores: the scores of every image of a labelled set against every other, as far as statistics
// need them: mated pairs all, impostor pairs as a histogram and an exact upper tail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "candid/base/figures.h"
#include "candid/base/result.h"

namespace candid::eval {

// Borrowed; all four describe the same images in the same order.
struct LabelledTemplates {
  std::span<const float> values;            // n x dimension, row-major, rows of unit length
  std::size_t dimension = 0;                // 1..4096
  std::span<const std::uint32_t> subjects;  // n labels, 0..2^17-1
  // n flags, non-zero: no template could be made. It counts against us: the image's mated pairs are
  // never accepted, its impostor pairs are counted and never match. Its row is not read.
  std::span<const std::uint8_t> failed;
  std::span<const Figures> figures = {};  // n, in their range; empty: all neutral

  Figures figures_of(std::size_t image) const {
    return figures.empty() ? Figures() : figures[image];
  }
};

// The score of a pair with an image that has no template: below every threshold.
inline constexpr float kNoScore = -std::numeric_limits<float>::infinity();

struct ScoredPair {
  float score = 0;  // fair score, or kNoScore
  std::uint32_t a = 0;
  std::uint32_t b = 0;  // images, a < b

  bool operator==(const ScoredPair&) const = default;
};

// Equal widths over -2..2; scores beyond fall into the outermost.
inline constexpr std::size_t kScoreBins = std::size_t{1} << 16;
std::size_t ScoreBin(float score);
// The bin's lower edge, for plots.
float ScoreOfBin(std::size_t bin);

struct PairScores {
  std::uint64_t mated_pairs = 0;
  std::uint64_t impostor_pairs = 0;  // failed ones too
  std::vector<ScoredPair> mated;     // all, best first
  std::vector<ScoredPair> tail;      // impostors of floor_bin and above, best first
  std::size_t floor_bin = 0;
  std::vector<std::uint64_t> mated_bins;     // kScoreBins; without pairs that have no score
  std::vector<std::uint64_t> impostor_bins;  // the same

  // Every impostor pair with at least this score is in the tail.
  bool Covers(float threshold) const { return ScoreBin(threshold) >= floor_bin; }
};

struct PairScoreOptions {
  std::size_t jobs = 1;  // threads; the result does not depend on their number
  // The tail reaches down to the score that this share of impostor pairs reaches, at least
  // kLeastTail of them, and to `down_to`, at most kLongestTail pairs.
  double tail_share = 0.025;
  float down_to = 1;
};
inline constexpr std::size_t kLeastTail = std::size_t{1} << 18;
inline constexpr std::size_t kLongestTail = std::size_t{1} << 25;  // 12 bytes each
inline constexpr std::uint64_t kMostMatedPairs = std::uint64_t{1} << 24;

// Time: twice n * n / 2 inner products in blocks. Equal scores come in
// order of (a, b). kInvalidArgument: sizes that disagree, a row that is not finite and of unit
// length (to 1e-3), figures out of range, more than 2^17 images, more than kMostMatedPairs mated
// pairs, tail_share outside 0..1.
Result<PairScores> ScoreAllPairs(const LabelledTemplates& templates,
                                 const PairScoreOptions& options = {});

// What every protocol asks of its templates first; kInvalidArgument as above.
Status CheckTemplates(const LabelledTemplates& templates);

}  // namespace candid::eval
