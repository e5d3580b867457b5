// ParetoTail: how rare scores are above the highest that data can count, by the generalised Pareto
// distribution, to which the excesses over a high threshold tend for any common distribution
// (Balkema and de Haan 1974, Pickands 1975). What it says beyond the data is an extrapolation and
// is to be called one. eval/tail.h fits it.
#pragma once

namespace candid::decision {

struct ParetoTail {
  double threshold = 0;  // a score; above it the tail holds
  double shape = 0;      // below 0 the scores end at threshold - scale / shape
  double scale = 1;      // above 0
  double share = 0;      // of all scores that lie above the threshold, in (0, 1]

  // The share of all scores that lie above `score`; below the threshold, `share`. 0 beyond the end.
  double Exceedance(double score) const;
  // The score above which lies `exceedance` of all, in (0, share]; more gives the threshold.
  double ScoreAt(double exceedance) const;
};

}  // namespace candid::decision
