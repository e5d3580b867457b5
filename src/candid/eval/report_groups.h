// The report's section on groups of people.
#pragma once

#include <string>

#include "candid/eval/document.h"
#include "candid/eval/evaluation.h"

namespace candid::eval {

// Wants evaluation.verification.
Section GroupSection(const Evaluation& evaluation);

// "FMR 1e-3" or "score 0.4552".
std::string NameOf(const OperatingPoint& point);

}  // namespace candid::eval
