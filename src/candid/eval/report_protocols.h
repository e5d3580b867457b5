// The report's sections on protocols beside the plain 1:1 and 1:N: BLUFR's trials, and what lies
// beyond the data.
#pragma once

#include "candid/eval/document.h"
#include "candid/eval/evaluation.h"

namespace candid::eval {

// Wants evaluation.trials.
Section TrialSection(const Evaluation& evaluation);

// Wants evaluation.tail.
Section TailSection(const Evaluation& evaluation);

}  // namespace candid::eval
