// Suspects: images whose label the scores doubt, and files that are there twice. They are listed
// and the figures shown with and without them; nothing is dropped silently.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "candid/base/hash.h"
#include "candid/eval/pair_scores.h"

namespace candid::eval {

struct Suspects {
  // The same bytes under two names, an image of the first in order of names with each other one.
  std::vector<ScoredPair> duplicates;
  // Images of different subjects as alike as the typical pair of one: score >= `alike`, best first.
  std::vector<ScoredPair> look_alikes;
  float alike = 0;
  // Images that are like none of the subject's other images, two or more of which are like each
  // other: below and above the threshold `stranger`.
  std::vector<std::uint32_t> outsiders;
  // In one of the lists; duplicates and look-alikes of one subject's own images are not.
  std::vector<bool> suspect;
};

// `stranger`: the threshold under which a pair is taken for strangers. `alike` is the median of the
// mated scores, or kAlikeWithoutMates where there are none, and at least `stranger`. Failed images
// are no suspects by score.
Suspects FindSuspects(const PairScores& scores, std::span<const std::uint32_t> subjects,
                      std::span<const Digest> digests, float stranger);
inline constexpr float kAlikeWithoutMates = 0.8F;

}  // namespace candid::eval
