// FairScore: a cosine made comparable across people. Some templates are near to many strangers'
// and some to few; one threshold on the cosine is wrong far more often for the first. The score
// measures a cosine in deviations from either template's own strangers and averages the two, which
// is adaptive symmetric score normalisation (AS-norm; Matejka et al., Interspeech 2017, section
// 2) with the cohort's statistics predicted from the template.
#pragma once

#include <numeric>
#include <span>

#include "candid/base/figures.h"

namespace candid::decision {

// The inner product of two templates of one length, summed in double in order, as the gallery does.
inline float Cosine(std::span<const float> a, std::span<const float> b) {
  return static_cast<float>(std::inner_product(a.begin(), a.end(), b.begin(), 0.0));
}

// Symmetric to the bit. With neutral figures it is the cosine; in general it is not bounded by 1.
inline float FairScore(float cosine, const Figures& a, const Figures& b) {
  return static_cast<float>(
      ((double{cosine} - a.mean) / a.deviation + (double{cosine} - b.mean) / b.deviation) / 2);
}

}  // namespace candid::decision
