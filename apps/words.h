// Error rates in words.
#pragma once

#include <optional>
#include <string>

#include "candid/decision/terms.h"

namespace candid::apps {

// "1 in 50" of strangers, "1 in 274 thousand"; shares above a half in percent.
std::string OneIn(double rate);

// The same of a stated rate: "*" where extrapolated, "under" where only a bound is known; empty for
// none.
std::string InWords(const std::optional<decision::StatedRate>& rate);

// What the "*" means, a line to follow a table that holds one.
inline constexpr const char* kExtrapolatedNote = "* extrapolated: rarer than could be counted\n";

// What the threshold of a search or comparison means, a line each.
std::string InWords(const decision::Terms& terms);

}  // namespace candid::apps
