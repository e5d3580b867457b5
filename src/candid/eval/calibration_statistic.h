// CalibrationStatistic: the scores of a table's points for people who count a given number of times
// each. Private to calibrate.cc and its test.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "candid/decision/pareto_tail.h"

namespace candid::eval {

// Strangers of one group, of one or several sets.
struct StrangerPairs {
  struct Pair {
    float score = 0;
    std::uint32_t i = 0, j = 0;  // people
  };
  std::string name;
  std::vector<Pair> best;  // best first; all of a score and above
  double count = 0;        // of all, those without a score too
  // By set: people and how many of their images are in the group.
  std::vector<std::vector<std::pair<std::uint32_t, double>>> images;
};

// Const calls are thread-safe.
class CalibrationStatistic {
 public:
  // The first group is everybody. Rates fall; the groups' points are those that their pairs reach.
  // `groups` is borrowed.
  CalibrationStatistic(std::span<const StrangerPairs> groups, std::span<const double> rates);

  // Of a group: the points first..rates.size() are there, those before `extrapolated` measured.
  struct Plan {
    std::size_t first = 0;
    std::size_t extrapolated = 0;
    std::size_t tail = 0;  // pairs that would shape its tail, from the best on
  };
  const Plan& plan(std::size_t group) const { return plans_[group]; }

  std::size_t figures() const { return plans_.size() * rates_.size(); }
  std::size_t at(std::size_t group, std::size_t rate) const { return group * rates_.size() + rate; }

  // Fills the scores of every group's points; NaN where a group has none.
  void Measure(std::span<const double> weights, std::span<double> figures) const;
  // Everybody's tail, behind their extrapolated points. A group's go on from its last measured one
  // as everybody's do: of a group of a hundred people nobody can tell a tail of its own. None:
  // nothing to fit it to.
  std::optional<decision::ParetoTail> Tail(std::span<const double> weights) const;

 private:
  Plan MakePlan(const StrangerPairs& group) const;
  double Total(const StrangerPairs& group, std::span<const double> weights) const;
  void MeasureGroup(std::size_t g, std::span<const double> weights, double total,
                    std::span<double> scores) const;

  std::span<const StrangerPairs> groups_;
  std::vector<double> rates_;
  std::vector<Plan> plans_;
};

}  // namespace candid::eval
