// Ages: faces that a pack cannot tell apart are declined, not matched.
#pragma once

#include <optional>

#include "candid/decision/calibration.h"

namespace candid::decision {

// `age`: as the pack estimates it, in years; none: it estimates none. `below`: the table's.
inline bool DeclinesAge(std::optional<float> age, std::optional<double> below) {
  return age && below && !(double{*age} >= *below);
}

// What answers call it.
inline constexpr const char* kAgeNotSupported = "AGE_NOT_SUPPORTED";

}  // namespace candid::decision
