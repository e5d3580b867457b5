// Halves: whether a calibration from half of the people holds for the other half.
#pragma once

#include <string>
#include <vector>

#include "candid/eval/calibrate.h"

namespace candid::eval {

struct HalfPoint {
  double fmr = 0;
  decision::RatePoint predicted;  // by the first half
  double observed_score = 0;      // of the second half, for the same rate
  double observed_fmr = 0;        // of the second half, at the predicted score
  bool within = false;            // the observed score lies in the predicted one's interval
};

struct Halves {
  std::size_t people[2] = {0, 0};
  std::vector<HalfPoint> points;  // of measured rates only
};

// People whose folder's name has a SHA-256 that begins with an even byte against the others.
// `fmrs` are rates of CalibrationRates. Errors as Calibrate.
Result<Halves> CheckHalves(const Dataset& dataset, const CalibrationSet& set,
                           const std::vector<double>& fmrs, const CalibrateOptions& options,
                           const std::function<void(std::string_view)>& stage);

}  // namespace candid::eval
