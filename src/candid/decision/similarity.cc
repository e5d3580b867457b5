#include "candid/decision/similarity.h"

#include <algorithm>
#include <array>

namespace candid::decision {
namespace {

struct Anchor {
  double score;
  double similarity;
};

// Straight lines between anchors. 80 to 99 covers FMR 1e-3 to 1e-6 at equal steps of the rate's
// logarithm; below 80 the scale runs down to a stranger's mean, above 99 up to identity.
constexpr std::array<Anchor, 7> kAnchors{{{-1.0, 0},
                                          {0.0, 1},
                                          {0.455, 80},
                                          {0.536, 80 + 19.0 / 3},
                                          {0.601, 80 + 38.0 / 3},
                                          {0.660, 99},
                                          {1.0, 100}}};

double Interpolate(double x, double Anchor::* from, double Anchor::* to) {
  x = std::clamp(x, kAnchors.front().*from, kAnchors.back().*from);
  const auto* upper = std::find_if(kAnchors.begin() + 1, kAnchors.end() - 1,
                                   [&](const Anchor& anchor) { return x <= anchor.*from; });
  const Anchor& lower = *(upper - 1);
  const double share = (x - lower.*from) / (upper->*from - lower.*from);
  return lower.*to + share * (upper->*to - lower.*to);
}

}  // namespace

double SimilarityOf(double score) {
  return Interpolate(score, &Anchor::score, &Anchor::similarity);
}

double ScoreOf(double similarity) {
  return Interpolate(similarity, &Anchor::similarity, &Anchor::score);
}

}  // namespace candid::decision
