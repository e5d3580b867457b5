// Trials: the protocol of BLUFR (Liao, Lei, Yi and Li, "A benchmark study of large-scale
// unconstrained face recognition", IJCB 2014) over the pictures of a data set.
//
// Each of ten trials leaves some people out (for training; nothing is trained here), compares the
// pictures of all others with each other, and searches a gallery of one picture each of some of
// those with two or more. VR: mated pairs accepted at the threshold for FAR 0.1 % of the impostor
// pairs. DIR: mated searches whose mate is the first candidate and accepted, at the threshold for
// FAR 1 % of the non-mated searches. What is reported is mean - standard deviation over the trials.
// Failed pictures count, and are never accepted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "candid/base/result.h"
#include "candid/eval/bootstrap.h"
#include "candid/eval/dataset.h"
#include "candid/eval/pair_scores.h"

namespace candid::eval {

struct Trial {
  std::vector<std::uint32_t> test;     // images that are compared; the other two are among them
  std::vector<std::uint32_t> gallery;  // images, one of a person
  std::vector<std::uint32_t> probes;   // images
};

// BLUFR's own numbers, for LFW: 5,749 people, 1,680 of them with two pictures or more. A smaller
// data set has the same shares left out and enrolled.
inline constexpr std::size_t kTrials = 10;
inline constexpr std::size_t kBlufrPeople = 5749;
inline constexpr std::size_t kBlufrLeftOut = 1500;
inline constexpr std::size_t kBlufrGallery = 1000;
inline constexpr double kBlufrMated = 1680.0 * (kBlufrPeople - kBlufrLeftOut) / kBlufrPeople;
inline constexpr double kBlufrVerificationFar = 1e-3;
inline constexpr double kBlufrSearchFar = 1e-2;

// Draws them by `seed`. kInvalidArgument: too few people with two images for a gallery of
// kLeastGallery.
Result<std::vector<Trial>> DrawTrials(std::span<const std::uint32_t> subjects, std::uint64_t seed);

struct ListedTrials {
  std::vector<Trial> trials;  // in order of name
  std::size_t missing = 0;    // rows that name no picture of the data set
};

// Reads trials from a table with the columns `trial`, `role` ("gallery", "probe", or "test" for
// pictures of the pairs alone) and `image` (the path below the pictures' root, or the file's name).
// kMalformed: another role, a picture twice in a trial, a person twice in a gallery.
Result<ListedTrials> ReadTrials(const std::filesystem::path& path, const Dataset& dataset);

struct TrialFigures {
  std::uint64_t mated_pairs = 0;
  std::uint64_t impostor_pairs = 0;
  double verification_threshold = 0;
  double verified = 0;  // VR
  std::size_t gallery = 0;
  std::uint64_t mated_searches = 0;
  std::uint64_t non_mated_searches = 0;
  double search_threshold = 0;
  double identified = 0;  // DIR at rank 1
};

struct TrialReport {
  bool listed = false;      // by the user's lists; else drawn
  std::size_t missing = 0;  // listed pictures that the data set has not
  std::size_t people = 0;   // of the data set
  std::vector<TrialFigures> trials;
  Spread verified;
  Spread identified;
};

// `scores` are those of all `templates`. kInvalidArgument: a trial with fewer than one pair's or
// search's worth of errors at its rate, or without mated ones.
Result<TrialReport> MeasureTrials(const std::vector<Trial>& trials,
                                  const LabelledTemplates& templates, const PairScores& scores,
                                  std::size_t jobs);

}  // namespace candid::eval
