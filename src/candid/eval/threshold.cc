#include "candid/eval/threshold.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace candid::eval {
namespace {

// A whole number of scores times a rate may come out a hair below what it is.
constexpr double kRounding = 1 + 1e-12;

}  // namespace

float ThresholdFor(std::span<const float> best_first, double allowed) {
  if (best_first.empty()) return -1;
  const auto most = static_cast<std::size_t>(std::max(allowed, 0.0) * kRounding);
  if (most >= best_first.size()) return best_first.back();
  // Those that tie with the first one left out are left out with it.
  const float left_out = best_first[most];
  const auto end = std::partition_point(best_first.begin(), best_first.end(),
                                        [left_out](float score) { return score > left_out; });
  return end == best_first.begin()
             ? std::nextafter(left_out, std::numeric_limits<float>::infinity())
             : *std::prev(end);
}

}  // namespace candid::eval
