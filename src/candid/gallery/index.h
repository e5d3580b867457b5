// Index: 1:N search over the templates of one collection, in memory.
//
// Batch-first: queries are n x dimension floats, row-major, each of unit length (as templates are),
// so that the inner product is the cosine, and n Figures. Candidates are ordered by the fair score
// (decision/fair_score.h), which with neutral figures is the cosine. Every call is thread-safe; a
// search sees every change that returned before it began, and none halfway.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "candid/base/figures.h"
#include "candid/base/result.h"

namespace candid::gallery {

// A row of the store; the gallery knows faces by nothing else. Never reused.
using Key = std::uint64_t;

struct Queries {
  std::span<const float> values;     // n x dimension
  std::span<const Figures> figures;  // n
};

struct Candidate {
  Key key = 0;
  float score = 0;   // fair
  float cosine = 0;  // -1 to 1

  bool operator==(const Candidate&) const = default;
};

class Index {
 public:
  virtual ~Index() = default;

  virtual std::size_t dimension() const = 0;
  virtual std::size_t size() const = 0;
  // Resident bytes of templates and bookkeeping.
  virtual std::size_t bytes() const = 0;

  // `templates`: keys.size() x dimension. All or nothing. kAlreadyExists: a key is present or
  // comes twice; kInvalidArgument: sizes that don't match, a value that is not finite, figures
  // beyond their range.
  virtual Status Add(std::span<const Key> keys, std::span<const float> templates,
                     std::span<const Figures> figures) = 0;

  // Removes those that are there; returns how many that was.
  virtual std::size_t Remove(std::span<const Key> keys) = 0;

  // For each of the n queries its best `k` candidates, best first; equal scores in order of key.
  // Fewer than k where the gallery is smaller.
  virtual Result<std::vector<std::vector<Candidate>>> Search(const Queries& queries,
                                                             std::size_t k) const = 0;

  // For each query every candidate with a score of at least `threshold`, best first, at most
  // `limit`.
  virtual Result<std::vector<std::vector<Candidate>>> SearchRange(const Queries& queries,
                                                                  float threshold,
                                                                  std::size_t limit) const = 0;
};

}  // namespace candid::gallery
