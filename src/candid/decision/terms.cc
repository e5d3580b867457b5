#include "candid/decision/terms.h"

#include <fmt/format.h>

#include <cmath>

namespace candid::decision {

Result<Terms> TermsOf(const Scale& scale, const Asked& asked) {
  Terms terms;
  terms.similarity = asked.similarity;
  terms.score = scale.ScoreOf(asked.similarity);
  if (!scale.calibrated()) {
    if (asked.false_alarms == 0) return terms;
    return Fail(Code::kConflict,
                fmt::format("the collection promises false alarms of {}, and the pack in use has "
                            "no calibration table that could keep it: make one with `candid "
                            "calibrate`, or take the promise back",
                            FormatFalseAlarms(asked.false_alarms)));
  }
  const double promised = ScoreForFalseAlarms(scale, asked.false_alarms, asked.gallery);
  if (promised > terms.score) {
    terms.promised = true;
    terms.score = promised;
    terms.similarity = std::max(terms.similarity, scale.SimilarityOf(promised));
  }
  if (std::isinf(terms.score) && terms.score > 0) {
    terms.similarity = 100;
    terms.rate = StatedRate{scale.table().limit, {0, scale.table().limit}, Basis::kBound, ""};
    terms.warning = fmt::format(
        "Nothing can match: false alarms of {} among {} faces want a rate below {:.0e}, the least "
        "that the pack's calibration states.",
        FormatFalseAlarms(asked.false_alarms), asked.gallery, scale.table().limit);
    return terms;
  }
  terms.rate = scale.RateOf(terms.score);
  terms.expected_false_matches = ExpectedFalseMatches(scale, terms.score, asked.gallery);
  if (terms.expected_false_matches > kWarnAbove) {
    terms.warning = fmt::format(
        "At similarity {:.4g} a search for a stranger among {} faces is expected to return {:.2g} "
        "wrong matches: ask for a higher threshold, or give the collection a target for false "
        "alarms.",
        terms.similarity, asked.gallery, terms.expected_false_matches);
  }
  return terms;
}

}  // namespace candid::decision
