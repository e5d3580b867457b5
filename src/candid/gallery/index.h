// Index: 1:N search over the templates of one collection, in memory.
//
// Batch-first: queries are n x dimension floats, row-major, each of unit length (as templates are),
// so that the inner product is the cosine. Every call is thread-safe; a search sees every change
// that returned before it began, and none halfway.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "candid/base/result.h"

namespace candid::gallery {

// A row of the store; the gallery knows faces by nothing else. Never reused.
using Key = std::uint64_t;

// Where a template's cosines against strangers lie: mean and standard deviation of its highest
// ones against a cohort (score normalisation). {0, 1} leaves the cosine as it is.
struct Calibration {
  float mean = 0;
  float deviation = 1;

  bool operator==(const Calibration&) const = default;
};

struct Candidate {
  Key key = 0;
  float score = 0;  // cosine, -1 to 1
  Calibration calibration;

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
  // comes twice; kInvalidArgument: sizes that don't match, or a value that is not finite.
  virtual Status Add(std::span<const Key> keys, std::span<const float> templates,
                     std::span<const Calibration> calibrations) = 0;

  // Removes those that are there; returns how many that was.
  virtual std::size_t Remove(std::span<const Key> keys) = 0;

  // For each of the n queries its best `k` candidates, best first; equal scores in order of key.
  // Fewer than k where the gallery is smaller.
  virtual Result<std::vector<std::vector<Candidate>>> Search(std::span<const float> queries,
                                                             std::size_t k) const = 0;

  // For each query every candidate of at least `threshold`, best first, at most `limit`.
  virtual Result<std::vector<std::vector<Candidate>>> SearchRange(std::span<const float> queries,
                                                                  float threshold,
                                                                  std::size_t limit) const = 0;
};

}  // namespace candid::gallery
