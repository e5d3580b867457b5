// Terms: which threshold a search runs at, and what that means for who gets it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "candid/decision/false_alarms.h"

namespace candid::decision {

// What was asked of one search.
struct Asked {
  double similarity = 0;      // the caller's threshold, 0 to 100
  OneIn false_alarms = 0;     // the collection's promise; 0: none
  std::uint64_t gallery = 0;  // faces that are searched
};

// A match has at least this similarity; where a promise rules, at least this score as well, as the
// highest scores share the similarity 100.
struct Terms {
  double similarity = 0;
  double score = 0;       // +infinity: nothing can match
  bool promised = false;  // the promise was stricter than the caller
  // Without a calibration nothing is known of errors, and these are absent.
  std::optional<StatedRate> rate;  // of a comparison at this threshold
  double expected_false_matches = 0;
  std::string warning;  // one line for people; empty: none

  bool Take(double score_of_match, double similarity_of_match) const {
    return similarity_of_match >= similarity && (!promised || score_of_match >= score);
  }
};

// kConflict: a promise that a pack without a calibration cannot keep; says the remedy.
Result<Terms> TermsOf(const Scale& scale, const Asked& asked);

}  // namespace candid::decision
