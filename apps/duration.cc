#include "apps/duration.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace candid::apps {
namespace {

struct Unit {
  char letter;
  std::int64_t seconds;
};
constexpr std::array<Unit, 5> kUnits{
    {{'w', 604'800}, {'d', 86'400}, {'h', 3600}, {'m', 60}, {'s', 1}}};
constexpr std::int64_t kLongest = std::int64_t{100} * 366 * 86'400;

}  // namespace

Result<std::chrono::seconds> ParseDuration(std::string_view option, std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  for (const Unit& unit : kUnits) {
    if (error != std::errc() || end + 1 != text.data() + text.size() || *end != unit.letter) {
      continue;
    }
    if (count < 0 || count > kLongest / unit.seconds) break;
    return std::chrono::seconds(count * unit.seconds);
  }
  return Fail(Code::kInvalidArgument,
              fmt::format("{} {}: a length of time is a number and one of s, m, h, d, w, such as "
                          "30d, and at most 100 years",
                          option, text));
}

std::string FormatDuration(std::chrono::seconds length) {
  if (length.count() == 0) return "none";
  // The last is a second, which divides every length.
  const auto unit = std::ranges::find_if(
      kUnits, [&](const Unit& one) { return length.count() % one.seconds == 0; });
  return fmt::format("{}{}", length.count() / unit->seconds, unit->letter);
}

std::string FormatTime(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(time));
}

Result<std::chrono::system_clock::time_point> ParseTime(std::string_view option,
                                                        const std::string& text) {
  for (const char* form : {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"}) {
    std::tm parts{};
    const char* end = strptime(text.c_str(), form, &parts);
    if (end == nullptr || *end != '\0') continue;
    const auto time = std::chrono::system_clock::from_time_t(timegm(&parts));
    // 2026-02-30 is no day.
    if (FormatTime(time).starts_with(text.substr(0, 10))) return time;
  }
  return Fail(Code::kInvalidArgument,
              fmt::format("{} {}: a time is written 2026-11-24T09:30:00Z or 2026-11-24, in UTC",
                          option, text));
}

}  // namespace candid::apps
