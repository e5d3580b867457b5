// PairStatistic: the figures of the 1:1 protocol for people who count a given number of times each.
// The plain figures are those of everybody once; the bootstrap's those of its draws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "candid/eval/dataset.h"
#include "candid/eval/differential.h"
#include "candid/eval/pair_scores.h"

namespace candid::eval {

// What is asked at one point: an FMR, or a threshold where fmr is 0.
struct PointAsked {
  double fmr = 0;
  float threshold = 0;
};

struct PointFigures {
  double threshold = 0;
  double fmr = 0;
  double fnmr = 0;
  double fnmr_by_subject = 0;
};

// A group's own pairs at one point.
struct GroupRates {
  Rate fmr;
  Rate fnmr;
};

// Const calls are thread-safe.
class PairStatistic {
 public:
  // `scores`, `subjects` and `groupings` are borrowed for the object's life. Points are those that
  // `scores` can tell; `group_points` indexes them.
  PairStatistic(const PairScores& scores, std::span<const std::uint32_t> subjects,
                std::span<const Grouping> groupings, std::vector<PointAsked> points,
                std::vector<std::size_t> group_points);

  std::size_t people() const { return images_.size(); }
  std::size_t figures() const;

  // `weights`: one for each subject. Fills `figures`, read by the two functions below.
  void Measure(std::span<const double> weights, std::span<double> figures) const;

  PointFigures point(std::span<const double> figures, std::size_t point) const;
  GroupRates group(std::span<const double> figures, std::size_t group_point, std::size_t grouping,
                   std::size_t group) const;

 private:
  struct Pair {
    float score;
    std::uint32_t i, j;  // subjects
  };
  // Own pairs of one grouping: position in the tail or in mated, and the group.
  struct OwnPair {
    std::uint32_t position;
    std::uint16_t group;
  };
  struct Own {
    std::size_t groups = 0;
    std::vector<OwnPair> tail;
    std::vector<OwnPair> mated;
    std::vector<std::vector<std::pair<std::uint32_t, double>>> images;  // by group: subject, count
    std::vector<std::vector<std::pair<std::uint32_t, double>>> pairs;   // by group: mated pairs
    std::size_t offset = 0;                                             // of its first figure
  };
  struct Reached {
    std::size_t tail = 0;  // accepted pairs, from the best on
    std::size_t mated = 0;
  };

  Own MakeOwn(const Grouping& grouping, std::span<const std::uint32_t> subjects) const;
  std::vector<Reached> MeasurePoints(std::span<const double> weights,
                                     std::span<double> figures) const;
  void MeasureGroups(const Own& own, std::span<const double> weights,
                     const std::vector<Reached>& reached, std::span<double> figures) const;
  double ImpostorWeight(std::span<const double> weights) const;

  const PairScores& scores_;
  const std::vector<PointAsked> points_;
  const std::vector<std::size_t> group_points_;
  std::vector<double> images_;  // by subject
  std::vector<double> mated_;   // by subject: pairs
  std::vector<Pair> tail_;
  std::vector<std::uint32_t> mated_subject_;  // of each mated pair
  std::vector<Own> own_;
  std::size_t group_figures_ = 0;  // of one group point
};

}  // namespace candid::eval
