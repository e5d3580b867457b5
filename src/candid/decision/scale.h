// Scale: score <-> similarity <-> false-match rate, for the worst measured group.
//
// Similarity (0-100, Rekognition's) is fixed by error rates, the same for every pack: 80 stands
// for one false match in 1,000 comparisons of strangers (FMR 1e-3), 99 for one in 1,000,000, both
// for whichever measured group is worst off at that rate; straight lines of log FMR between, and
// from 0 (FMR 1) to 80. Above 99 it nears 100, which it reaches; below the table's first point it
// nears 0, which it never reaches. docs/calibration.md draws it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "candid/decision/calibration.h"

namespace candid::decision {

enum class Basis {
  kMeasured,
  kExtrapolated,  // by the tail's model
  kBound,         // beyond the table: the rate is at most (or, at its first point, at least) this
};
std::string_view NameOf(Basis basis);  // "MEASURED", ...

struct StatedRate {
  double fmr = 1;
  Range range;  // 95 %
  Basis basis = Basis::kBound;
  std::string_view group;  // that is worst at this rate; lives as long as the scale
};

// Immutable, cheap to copy.
class Scale {
 public:
  // For packs without a table: the curve of the first default pack on lfw-dev. States no rates.
  Scale();
  // `table` as ParseCalibration gives it.
  explicit Scale(Calibration table);

  bool calibrated() const;
  const Calibration& table() const;  // calibrated only

  // Rises strictly with the score up to 100.
  double SimilarityOf(double score) const;
  // The least score whose similarity is at least `similarity` (0 to 100); -infinity for 0.
  double ScoreOf(double similarity) const;

  // Of strangers of the worst group at this score; calibrated only, as the next. Falls as the
  // score rises.
  StatedRate RateOf(double score) const;
  // The least score whose rate is at most `fmr`; +infinity below the table's limit.
  double ScoreFor(double fmr) const;

  // The points of the worst group, with who that is.
  struct Point {
    double fmr = 0;
    double score = 0;
    Range score_range;
    Basis basis = Basis::kMeasured;
    std::size_t group = 0;  // index into table().groups
  };
  const std::vector<Point>& worst() const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

// The rate of one group at a score, by its own points; as RateOf.
StatedRate RateOf(const GroupCalibration& group, double score);

// The similarity that stands for a rate, 0 < fmr <= 1 and >= 1e-6; and the rate of a similarity.
double SimilarityAt(double fmr);

}  // namespace candid::decision
