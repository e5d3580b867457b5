#include "candid/eval/folds.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string>

#include "candid/decision/fair_score.h"

namespace candid::eval {
namespace {

struct Scored {
  float score;
  bool same;
  std::size_t fold;
};

std::vector<Scored> Score(std::span<const ListedPair> pairs, const LabelledTemplates& in) {
  std::vector<Scored> scored;
  for (const ListedPair& pair : pairs) {
    const bool failed = in.failed[pair.a] != 0 || in.failed[pair.b] != 0;
    const float cosine = decision::Cosine(in.values.subspan(pair.a * in.dimension, in.dimension),
                                          in.values.subspan(pair.b * in.dimension, in.dimension));
    scored.push_back(
        {failed ? kNoScore
                : decision::FairScore(cosine, in.figures_of(pair.a), in.figures_of(pair.b)),
         pair.same, 0});
  }
  return scored;
}

// Returns the number of folds.
std::size_t AssignFolds(std::span<const ListedPair> pairs, std::vector<Scored>* scored) {
  std::map<std::string, std::size_t> names;
  for (const ListedPair& pair : pairs) names.try_emplace(pair.fold, names.size());
  if (!names.contains("")) {
    for (std::size_t i = 0; i < pairs.size(); ++i) (*scored)[i].fold = names[pairs[i].fold];
    return names.size();
  }
  for (const bool same : {true, false}) {
    const auto count = static_cast<std::size_t>(std::count_if(
        scored->begin(), scored->end(), [&](const Scored& s) { return s.same == same; }));
    std::size_t i = 0;
    for (Scored& s : *scored) {
      if (s.same == same) s.fold = i++ * kFolds / count;
    }
  }
  return kFolds;
}

// Best on all folds but one; `sorted` is best score first.
float BestThreshold(const std::vector<Scored>& sorted, std::size_t left_out) {
  // Nothing accepted is right about every impostor; what comes down the list changes the balance.
  std::ptrdiff_t balance = 0, best = 0;
  float threshold = std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t end = i;
    for (; end < sorted.size() && sorted[end].score == sorted[i].score; ++end) {
      if (sorted[end].fold != left_out) balance += sorted[end].same ? 1 : -1;
    }
    if (sorted[i].score == kNoScore) break;
    if (balance > best) {
      best = balance;
      threshold = sorted[i].score;
    }
    i = end;
  }
  return threshold;
}

}  // namespace

Result<FoldReport> MeasureFolds(std::span<const ListedPair> pairs,
                                const LabelledTemplates& templates) {
  std::vector<Scored> scored = Score(pairs, templates);
  const std::size_t folds = AssignFolds(pairs, &scored);
  std::vector<std::size_t> sizes(folds), right(folds);
  for (const Scored& s : scored) ++sizes[s.fold];
  if (folds < 2 || std::find(sizes.begin(), sizes.end(), 0) != sizes.end()) {
    return Fail(Code::kInvalidArgument, "pairs.tsv holds too few pairs for folds");
  }
  std::stable_sort(scored.begin(), scored.end(),
                   [](const Scored& a, const Scored& b) { return a.score > b.score; });
  FoldReport report;
  for (std::size_t fold = 0; fold < folds; ++fold) {
    const float threshold = BestThreshold(scored, fold);
    for (const Scored& s : scored) {
      if (s.fold == fold) right[fold] += (s.score >= threshold) == s.same ? 1 : 0;
    }
    report.accuracies.push_back(static_cast<double>(right[fold]) /
                                static_cast<double>(sizes[fold]));
  }
  for (const Scored& s : scored) ++(s.same ? report.mated : report.impostors);
  const double n = static_cast<double>(folds);
  report.accuracy = std::accumulate(report.accuracies.begin(), report.accuracies.end(), 0.0) / n;
  double squares = 0;
  for (const double a : report.accuracies) squares += (a - report.accuracy) * (a - report.accuracy);
  report.standard_error = std::sqrt(squares / (n - 1) / n);
  return report;
}

}  // namespace candid::eval
