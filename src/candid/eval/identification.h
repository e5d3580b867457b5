// The 1:N open-set protocol: a gallery of half of the people, one image each, and of strangers who
// fill it up where some are given, is searched with the other images of that half (mated searches)
// and with all images of the other half (non-mated searches).
//
// FPIR(t) = non-mated searches with a candidate at >= t / non-mated searches. FNIR(t) = mated
// searches whose mate is not among the first kCandidates at >= t / mated searches. A failed search
// finds nobody; a person whose enrolment failed is never found. The threshold for an FPIR is the
// smallest best score of a non-mated search at which FPIR(t) is at most the one asked for. A mate
// that ties with others ranks behind them.
//
// Intervals: 95 % percentile, bootstrap over the searched people with thresholds set anew: once
// with the gallery as it is, once (`*_gallery`) with the gallery's people drawn anew too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "candid/eval/bootstrap.h"
#include "candid/eval/dataset.h"
#include "candid/eval/differential.h"
#include "candid/eval/pair_scores.h"

namespace candid::eval {

inline constexpr std::size_t kCandidates = 50;
inline constexpr std::size_t kLeastGallery = 10;

struct Candidate {
  float score = kNoScore;
  std::uint32_t entry = 0;  // index into SearchSet::gallery
};

// One search, with what statistics need of it.
struct Search {
  std::uint32_t image = 0;
  std::uint32_t subject = 0;
  std::optional<std::uint32_t> mate_entry;  // none: non-mated
  float mate = kNoScore;
  std::size_t better = 0;         // other entries with a score >= the mate's
  std::vector<Candidate> others;  // best first, without the mate; at most kCandidates
  std::vector<float> best_other;  // by nested gallery; kNoScore: none
};

struct SearchSet {
  // Images, those drawn in random order, so that every prefix is random.
  std::vector<std::uint32_t> gallery;
  std::vector<std::size_t> sizes;  // of the nested galleries, prefixes; largest first
  std::vector<Search> searches;
  std::size_t mated = 0;
};

inline constexpr std::size_t kNoFillers = static_cast<std::size_t>(-1);

// Draws the gallery by `seed` and searches it. Images from `fillers_from` on are fillers: strangers
// who are in every gallery, behind the people drawn, and are searched for by nobody; those without
// a template are left out. With fillers the largest sizes are halved down to the people drawn, so
// that growth is shown beyond the data set's own size. kInvalidArgument: as CheckTemplates, or
// fewer than kLeastGallery people on a side.
Result<SearchSet> SearchGallery(const LabelledTemplates& templates, std::uint64_t seed,
                                std::size_t jobs, std::size_t fillers_from = kNoFillers);

// Searches a given gallery, one image of a person, for given images; templates that pass
// CheckTemplates.
SearchSet SearchFor(const LabelledTemplates& templates, std::span<const std::uint32_t> gallery,
                    std::span<const std::uint32_t> probes, std::size_t jobs);

struct IdentificationOptions {
  std::vector<double> fpirs = {0.1, 0.01, 0.003, 0.001};  // each in (0, 1)
  std::vector<float> thresholds;                          // fixed ones, measured beside them
  BootstrapOptions bootstrap;
};

struct SearchPoint {
  std::optional<double> asked_fpir;  // none: a fixed threshold
  bool supported = true;             // false: FPIR of less than one search; nothing below is set
  Estimate threshold;
  std::uint64_t false_positives = 0;  // searches
  std::uint64_t misses = 0;           // searches
  Estimate fpir;
  Estimate fnir;           // NaN without mated searches
  double selectivity = 0;  // mean candidates >= t of a non-mated search, of the first kCandidates
};

struct RankPoint {
  std::size_t rank = 1;
  std::uint64_t misses = 0;
  Estimate miss_rate;  // mate not among the first `rank`, whatever the threshold
};

// The same searches against a part of the gallery: those of people in the smallest part, and all
// non-mated ones.
struct GrowthPoint {
  std::size_t gallery = 0;
  std::uint64_t mated = 0;     // searches for people in the smallest part
  std::vector<Estimate> fpir;  // at each fixed threshold
  Estimate fnir;               // at this gallery's own threshold for FPIR kGrowthFpir
  Estimate rank_one_miss;
};
inline constexpr double kGrowthFpir = 0.01;

struct SearchGroup {
  std::uint64_t non_mated = 0;
  std::uint64_t false_positives = 0;
  std::uint64_t mated = 0;
  std::uint64_t misses = 0;
  Estimate fpir;
  Estimate fnir;
};

struct SearchGroupReport {
  std::string grouping;
  std::size_t point = 0;  // index into points
  std::vector<std::string> names;
  std::vector<SearchGroup> groups;  // of the person searched for
};

struct IdentificationReport {
  std::size_t gallery = 0;
  std::uint64_t mated_searches = 0;
  std::uint64_t non_mated_searches = 0;
  std::size_t mated_people = 0;
  std::size_t non_mated_people = 0;
  std::vector<SearchPoint> points;        // FPIRs in the order asked, then thresholds in theirs
  std::vector<RankPoint> ranks;           // 1, 5, 10, 20, 50, as far as the gallery goes
  std::vector<GrowthPoint> growth;        // largest gallery first
  std::vector<SearchGroupReport> groups;  // for each point that is supported, each grouping
};

// Pure; the same set and options give the same report, whatever the number of threads. `people` is
// the number of subjects. kInvalidArgument: an option out of range.
Result<IdentificationReport> Identify(const SearchSet& set, std::size_t people,
                                      std::span<const Grouping> groupings,
                                      const IdentificationOptions& options = {});

}  // namespace candid::eval
