// Threshold: the protocols' rule for the threshold of a rate, where every score counts once.
#pragma once

#include <span>

namespace candid::eval {

// The smallest of the scores that at most `allowed` of them reach, ties and all; a hair above the
// best where ties leave none; -1 without scores. `best_first` is sorted.
float ThresholdFor(std::span<const float> best_first, double allowed);

}  // namespace candid::eval
