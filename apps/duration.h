// Lengths of time as people write them: "90s", "15m", "24h", "30d", "52w".
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "candid/base/result.h"

namespace candid::apps {

// kInvalidArgument names the option. At most a hundred years.
Result<std::chrono::seconds> ParseDuration(std::string_view option, std::string_view text);

// The shortest of those forms that is exact; "none" for nothing.
std::string FormatDuration(std::chrono::seconds length);

// "2026-11-24T09:30:00Z".
std::string FormatTime(std::chrono::system_clock::time_point time);

// The same, or a date alone. kInvalidArgument names the option.
Result<std::chrono::system_clock::time_point> ParseTime(std::string_view option,
                                                        const std::string& text);

}  // namespace candid::apps
