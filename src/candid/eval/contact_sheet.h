// ContactSheet: the faces behind the worst errors, for the owner of the data to look at. It shows
// people: it is made only when asked for, is no part of the report and goes nowhere.
#pragma once

#include <cstddef>
#include <string>

#include "candid/eval/dataset.h"
#include "candid/eval/enrolment.h"
#include "candid/eval/evaluation.h"

namespace candid::eval {

// The best-scoring pairs of different people, and the worst-scoring of one person, those with a
// failed picture apart.
inline constexpr std::size_t kShownPairs = 40;

// One HTML file that needs nothing else, the faces within it as small JPEGs. A picture that cannot
// be read any more is an empty frame. Reads at most 4 kShownPairs files.
std::string ContactSheet(const Dataset& dataset, const Enrolment& enrolment,
                         const Evaluation& evaluation);

}  // namespace candid::eval
