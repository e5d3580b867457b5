#include "candid/collections/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace candid::collections {
namespace {

constexpr std::size_t kMaxPatterns = 64;
constexpr std::size_t kMaxActionLength = 64;
constexpr std::size_t kMaxCollectionLength = 255;
constexpr double kMinRate = 0.001;
constexpr double kMaxRate = 1e6;

constexpr std::array<std::string_view, 6> kReads{"Compare", "Describe", "Detect",
                                                 "Get",     "List",     "Search"};

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsOfActions(char c) { return IsLetter(c) || c == '*'; }
bool IsOfCollections(char c) {
  return IsOfActions(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

Status CheckPatterns(std::string_view what, const std::vector<std::string>& patterns,
                     std::size_t longest, bool (*is_of)(char), std::string_view alphabet) {
  if (patterns.size() > kMaxPatterns) {
    return Fail(Code::kInvalidArgument, fmt::format("{} patterns of {}: at most {} are possible",
                                                    patterns.size(), what, kMaxPatterns));
  }
  for (const std::string& pattern : patterns) {
    if (!pattern.empty() && pattern.size() <= longest && std::ranges::all_of(pattern, is_of)) {
      continue;
    }
    return Fail(Code::kInvalidArgument, fmt::format("'{}' is no pattern of {}: 1 to {} of {} and *",
                                                    pattern, what, longest, alphabet));
  }
  return {};
}

bool MatchesOne(const std::vector<std::string>& patterns, std::string_view text) {
  return patterns.empty() || std::ranges::any_of(patterns, [&](const std::string& pattern) {
           return MatchesPattern(pattern, text);
         });
}

}  // namespace

Status CheckPolicy(const Policy& policy) {
  CANDID_TRY(CheckPatterns("actions", policy.actions, kMaxActionLength, IsOfActions, "[a-zA-Z]"));
  CANDID_TRY(CheckPatterns("collections", policy.collections, kMaxCollectionLength, IsOfCollections,
                           "[a-zA-Z0-9_.-]"));
  if (policy.rate == 0 && policy.burst == 0) return {};
  // Written so that what is no number is refused too.
  if (!(policy.rate >= kMinRate && policy.rate <= kMaxRate)) {
    return Fail(Code::kInvalidArgument,
                fmt::format("a rate of {} requests a second: {} to {} are possible, or 0 for none",
                            policy.rate, kMinRate, kMaxRate));
  }
  if (!(policy.burst >= 1 && policy.burst <= kMaxRate)) {
    return Fail(Code::kInvalidArgument,
                fmt::format("a burst of {} requests: 1 to {} are possible, with a rate",
                            policy.burst, kMaxRate));
  }
  return {};
}

bool MatchesPattern(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = pattern.npos;  // the last one met, and what it stood for so far
  std::size_t after = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++after;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool IsRead(std::string_view action) {
  return std::ranges::any_of(kReads,
                             [&](std::string_view word) { return action.starts_with(word); });
}

bool AllowsAction(const Policy& policy, std::string_view action) {
  return (!policy.read_only || IsRead(action)) && MatchesOne(policy.actions, action);
}

bool AllowsCollection(const Policy& policy, std::string_view collection) {
  return MatchesOne(policy.collections, collection);
}

bool RateLimit::Take(std::chrono::steady_clock::time_point now) {
  const std::lock_guard guard(mutex_);
  if (last_ != std::chrono::steady_clock::time_point{} && now > last_) {
    left_ = std::min(burst_, left_ + std::chrono::duration<double>(now - last_).count() * rate_);
  }
  last_ = std::max(last_, now);
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

}  // namespace candid::collections
