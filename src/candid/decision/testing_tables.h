// Tables of known truth for tests.
#pragma once

#include <cmath>
#include <string>

#include "candid/decision/calibration.h"

namespace candid::decision {

// FMR 10^-(2 + (score - at_percent) / decade), for every score.
inline GroupCalibration StraightGroup(const std::string& name, double at_percent, double decade,
                                      double measured_to = 1e-5) {
  GroupCalibration group;
  group.name = name;
  group.people = 1000;
  group.impostor_pairs = 30'000'000;
  group.measured_to = measured_to;
  for (int k = 2; k <= 9; ++k) {
    const double score = at_percent + (k - 2) * decade;
    group.points.push_back({std::pow(10, -k), score, {score - 0.01, score + 0.02}});
  }
  return group;
}

// Two groups: "all" reaches 1e-3 at 0.45, 1e-6 at 0.75; "worse" 1e-3 at 0.52, 1e-6 at 0.70, so the
// curves cross at 1e-5.1 or so.
inline Calibration TwoGroups() {
  Calibration table;
  table.pack = "test-pack";
  table.model_hash = std::string(64, 'a');
  table.date = "2026-11-25";
  table.command = "candid calibrate \"photos\"";
  table.precision = "f32";
  table.limit = 1e-9;
  table.data = {{"photos", 1000, 4000, 3, 2}};
  table.groups = {StraightGroup("all", 0.35, 0.10), StraightGroup("worse", 0.46, 0.06, 1e-3)};
  table.growth = {0.8, {0.7, 0.9}, 3000, {1441, 721}};
  return table;
}

}  // namespace candid::decision
