// Random labelled templates for tests: people around centres, failures and ties among them.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "candid/decision/fair_score.h"
#include "candid/eval/pair_scores.h"

namespace candid::eval {

struct TestSet {
  std::vector<float> values;
  std::vector<std::uint32_t> subjects;
  std::vector<std::uint8_t> failed;
  std::vector<Figures> figures;  // empty: all neutral
  std::size_t dimension = 0;

  LabelledTemplates view() const { return {values, dimension, subjects, failed, figures}; }
  std::size_t size() const { return subjects.size(); }
  // Of a pair, in plain arithmetic; kNoScore where one failed.
  float Score(std::size_t a, std::size_t b) const {
    if (failed[a] != 0 || failed[b] != 0) return kNoScore;
    float score = 0;
    for (std::size_t k = 0; k < dimension; ++k) {
      score += values[a * dimension + k] * values[b * dimension + k];
    }
    return decision::FairScore(score, view().figures_of(a), view().figures_of(b));
  }
};

// Every product and sum of the values is exact in float whatever the order of adding: they lie on a
// grid of 2^-steps_log2. A coarse grid makes many ties.
inline TestSet RandomSet(std::size_t images, std::size_t people, std::size_t dimension,
                         unsigned seed, int steps_log2 = 11) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> centres(people * dimension);
  for (float& v : centres) v = normal(random);
  TestSet set;
  set.dimension = dimension;
  const auto steps = static_cast<float>(1 << steps_log2);
  for (std::size_t i = 0; i < images; ++i) {
    // Everybody has an image.
    const auto person = static_cast<std::uint32_t>(i < people ? i : random() % people);
    std::vector<float> row(dimension);
    float square = 0;
    for (std::size_t k = 0; k < dimension; ++k) {
      row[k] = centres[person * dimension + k] + 1.5F * normal(random);
      square += row[k] * row[k];
    }
    for (const float v : row)
      set.values.push_back(std::round(v / std::sqrt(square) * steps) / steps);
    set.subjects.push_back(person);
    set.failed.push_back(random() % 20 == 0 ? 1 : 0);
  }
  return set;
}

}  // namespace candid::eval
