// Policy: what a key may do, asked of one call at a time.
#pragma once

#include <mutex>
#include <string_view>

#include "candid/base/clock.h"
#include "candid/base/result.h"
#include "candid/store/records.h"

namespace candid::collections {

using store::Policy;

// kInvalidArgument names the value and what it may be: at most 64 patterns of each kind; actions of
// letters and *, collections of [a-zA-Z0-9_.-] and *; a rate of 0 (none) or 0.001 to 1,000,000, and
// with it a burst of 1 to 1,000,000.
Status CheckPolicy(const Policy& policy);

// * stands for any characters, none too. Linear in the text but for the number of stars.
bool MatchesPattern(std::string_view pattern, std::string_view text);

// Whether an operation only reads; told by its first word, so that one nobody thought of counts as
// a change.
bool IsRead(std::string_view action);

bool AllowsAction(const Policy& policy, std::string_view action);
bool AllowsCollection(const Policy& policy, std::string_view collection);

// A bucket that holds `burst` calls and is filled at `rate` a second. Thread-safe.
class RateLimit {
 public:
  RateLimit(double rate, double burst) : rate_(rate), burst_(burst), left_(burst) {}
  // Whether one more call may come at `now`.
  bool Take(std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());
  bool Is(double rate, double burst) const { return rate == rate_ && burst == burst_; }

 private:
  const double rate_;
  const double burst_;
  std::mutex mutex_;
  double left_;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace candid::collections
