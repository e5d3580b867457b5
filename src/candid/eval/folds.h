// Folds: the ten-fold accuracy of a list of pairs, as LFW's View 2 defines it.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "candid/base/result.h"
#include "candid/eval/dataset.h"
#include "candid/eval/pair_scores.h"

namespace candid::eval {

struct FoldReport {
  std::size_t mated = 0;
  std::size_t impostors = 0;
  std::vector<double> accuracies;  // of each fold, by the threshold that is best on the others
  double accuracy = 0;             // their mean
  double standard_error = 0;       // of the mean
};

inline constexpr std::size_t kFolds = 10;

// Folds are those the pairs name, if all name one; else ten runs of the mated pairs and ten of the
// others, in their order. A pair with an image that failed counts as rejected. Of thresholds that
// are equally good the highest is taken. kInvalidArgument: fewer than two folds, or a fold left
// without pairs.
Result<FoldReport> MeasureFolds(std::span<const ListedPair> pairs,
                                const LabelledTemplates& templates);

}  // namespace candid::eval
