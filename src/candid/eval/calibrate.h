// Calibrate: the scores of strangers in labelled sets, overall and by group, as a pack's
// calibration table.
//
// Pairs are those within a set: two sets may hold the same people under other names. The score for
// a rate is the smallest observed one that keeps to it, down to kLeastPairs pairs' worth; below, a
// generalised Pareto tail over a group's highest scores goes on from the last measured point. Its
// shape is one for all groups (the mean of theirs: a small group cannot tell its own), its scale is
// the group's. Intervals: bootstrap over people, tails fitted anew in each resample.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "candid/decision/calibration.h"
#include "candid/eval/bootstrap.h"
#include "candid/eval/dataset.h"
#include "candid/eval/pair_scores.h"

namespace candid::eval {

// Borrowed for the call.
struct CalibrationSet {
  std::string name;  // put before its groups' names
  LabelledTemplates templates;
  std::span<const Grouping> groupings;  // each group of 30 people or more is measured
  // Pairs of strangers of at least this cosine are taken for one person under two names: left
  // out and counted. None: none are.
  std::optional<float> twins_above;
  // Estimated, of each image; empty: the pack estimates none.
  std::span<const std::optional<float>> ages = {};
};

struct CalibrateOptions {
  double limit = 1e-9;  // the lowest rate stated; at most 1e-6
  std::optional<double> decline_below_age = {};
  BootstrapOptions bootstrap;
};

struct CalibrateOutcome {
  decision::Calibration table;     // of it data, groups, growth, limit and ages
  std::vector<std::string> notes;  // for people: what was left out and why
};

// `stage` is told what begins. The same input and options give the same table, whatever the number
// of threads. kInvalidArgument: no set, an option out of range, too few pairs of strangers for any
// figure, and what ScoreAllPairs refuses.
Result<CalibrateOutcome> Calibrate(std::span<const CalibrationSet> sets,
                                   const CalibrateOptions& options,
                                   const std::function<void(std::string_view)>& stage);

// The rates of a table's points: 10^-1.5, a quarter of a decade apart, to the limit.
std::vector<double> CalibrationRates(double limit);

}  // namespace candid::eval
