// Error rates in words.
#pragma once

#include <optional>
#include <string>

#include "candid/decision/terms.h"

namespace candid::apps {

// "1 in 1e+03" of strangers; shares above a half in percent.
std::string OneIn(double rate);

// The same of a stated rate: "*" where extrapolated, "under" where only a bound is known; empty for
// none.
std::string InWords(const std::optional<decision::StatedRate>& rate);

// What the threshold of a search or comparison means, a line each.
std::string InWords(const decision::Terms& terms);

}  // namespace candid::apps
