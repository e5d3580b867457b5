#include "candid/decision/false_alarms.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace candid::decision {

Result<OneIn> ParseFalseAlarms(const std::string& text) {
  OneIn one_in = 0;
  const char* const end = text.data() + text.size();
  if (text.starts_with("1/")) {
    const auto read = std::from_chars(text.data() + 2, end, one_in);
    if (read.ptr == end && read.ec == std::errc() && one_in >= 2 && one_in <= kMostOneIn) {
      return one_in;
    }
  }
  return Fail(Code::kInvalidArgument,
              fmt::format("false alarms of '{:.40}': want 1/X with X from 2 to {}, such as 1/10000 "
                          "for at most one in 10,000 searches of strangers",
                          text, kMostOneIn));
}

std::string FormatFalseAlarms(OneIn one_in) { return fmt::format("1/{}", one_in); }

double FpirOf(double fmr, double gallery, double factor) {
  if (gallery <= 0) return 0;
  // 1 - (1 - fmr)^(factor gallery), without losing small rates to rounding.
  return -std::expm1(factor * gallery * std::log1p(-std::clamp(fmr, 0.0, 1.0)));
}

double FmrFor(double fpir, double gallery, double factor) {
  if (gallery <= 0) return 1;
  return -std::expm1(std::log1p(-std::clamp(fpir, 0.0, 1.0)) / (factor * gallery));
}

double ExpectedFalseMatches(const Scale& scale, double score, std::uint64_t gallery) {
  return scale.RateOf(score).fmr * static_cast<double>(gallery);
}

double ScoreForFalseAlarms(const Scale& scale, OneIn one_in, std::uint64_t gallery) {
  if (one_in == 0 || gallery == 0) return scale.ScoreOf(0);
  const double fpir = 1 / static_cast<double>(one_in);
  return scale.ScoreFor(FmrFor(fpir, static_cast<double>(gallery), scale.table().growth.factor));
}

}  // namespace candid::decision
