// Evaluation: every protocol over one data set and its templates. What cannot be computed is a note
// with its reason; the rest is there.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "candid/eval/dataset.h"
#include "candid/eval/enrolment.h"
#include "candid/eval/extrapolation.h"
#include "candid/eval/folds.h"
#include "candid/eval/identification.h"
#include "candid/eval/suspects.h"
#include "candid/eval/trials.h"
#include "candid/eval/verification.h"

namespace candid::eval {

struct EvaluationOptions {
  // Cosines at which everything is measured besides the thresholds for an FMR; the first is the
  // one in use, at which people are told how often the system is wrong. At least one.
  std::vector<float> thresholds;
  BootstrapOptions bootstrap;
  const Enrolment* fillers = nullptr;    // strangers in every gallery; borrowed
  const ListedTrials* trials = nullptr;  // BLUFR's; none: drawn by the seed; borrowed
  bool extrapolate = false;              // carry false-match rates beyond the data
};

// Over kGalleries galleries drawn by consecutive seeds: what another choice of the enrolled half
// would have given.
struct SearchSpread {
  Spread fpir;
  Spread fnir;
};
inline constexpr std::uint64_t kGalleries = 10;

struct Evaluation {
  std::vector<Grouping> groupings;  // the data set's, then `measured` ones by what Assess found
  std::size_t measured = 0;
  PairScores scores;
  std::optional<VerificationReport> verification;
  std::optional<TailReport> tail;
  std::optional<TailReport> tail_without_suspects;
  std::optional<TrialReport> trials;
  std::optional<FoldReport> folds;
  std::optional<SearchSet> searches;
  std::optional<IdentificationReport> identification;
  std::size_t fillers = 0;            // in the gallery
  std::vector<SearchSpread> spreads;  // of each of identification's points
  Suspects suspects;
  std::optional<VerificationReport> without_suspects;
  std::vector<std::string> notes;
};

// `stage` is told what begins. Pure otherwise; the same input gives the same figures. An error only
// for what no part can be measured without: see CheckTemplates.
Result<Evaluation> Evaluate(const Dataset& dataset, const Enrolment& enrolment,
                            const EvaluationOptions& options,
                            const std::function<void(std::string_view)>& stage);

// Width of the face's box, head turned left or right, usefulness: bands that a reader can act on.
// Failed pictures are in no group.
std::vector<Grouping> MeasuredGroupings(std::span<const Sample> samples);

}  // namespace candid::eval
