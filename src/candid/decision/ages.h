// Ages: faces that a pack cannot tell apart are declined, not matched.
#pragma once

#include <optional>

#include "candid/decision/scale.h"

namespace candid::decision {

// `age`: as the pack estimates it, in years; none: it estimates none. `below`: the table's.
inline bool DeclinesAge(std::optional<float> age, std::optional<double> below) {
  return age && below && !(double{*age} >= *below);
}

// By the scale's table; without one nobody is declined.
inline bool DeclinesAge(std::optional<float> age, const Scale& scale) {
  return scale.calibrated() && DeclinesAge(age, scale.table().decline_below_age);
}

// What answers call it.
inline constexpr const char* kAgeNotSupported = "AGE_NOT_SUPPORTED";

}  // namespace candid::decision
