// False alarms: what a rate per comparison means for a search of a whole gallery.
//
// A search of a stranger in a gallery of N returns anyone with probability
//   FPIR = 1 - (1 - FMR)^(f N),
// f being the measured departure from independent comparisons (Calibration::growth).
#pragma once

#include <cstdint>
#include <string>

#include "candid/decision/scale.h"

namespace candid::decision {

// A promise: at most one in so many searches of strangers returns anyone; 0: none was made.
using OneIn = std::uint64_t;
inline constexpr OneIn kMostOneIn = 1'000'000'000;

// "1/10000". kInvalidArgument: anything else than 1/X, X a whole number of 2 to kMostOneIn.
Result<OneIn> ParseFalseAlarms(const std::string& text);
std::string FormatFalseAlarms(OneIn one_in);

// FMR -> FPIR and back; `fmr` and `fpir` 0 to 1.
double FpirOf(double fmr, double gallery, double factor);
double FmrFor(double fpir, double gallery, double factor);

// False matches to expect of one search of a stranger: N times the rate of the worst group.
double ExpectedFalseMatches(const Scale& scale, double score, std::uint64_t gallery);

// The least score that keeps the promise for the worst group in a gallery of this size; +infinity
// where the table gives no rate so low. Rises with the gallery.
double ScoreForFalseAlarms(const Scale& scale, OneIn one_in, std::uint64_t gallery);

// More than one false match per ten searches is worth a warning.
inline constexpr double kWarnAbove = 0.1;

}  // namespace candid::decision
