// Calibration: what was measured of a pack's scores between strangers, as the pack's
// calibration.toml says it (docs/formats/calibration.md). Figures only: no template, no name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "candid/base/bytes.h"
#include "candid/decision/pareto_tail.h"

namespace candid::decision {

// 95 %.
struct Range {
  double low = 0;
  double high = 0;
};

// Strangers of a group reach `score` at this rate.
struct RatePoint {
  double fmr = 0;
  double score = 0;
  Range score_range;
};

struct MissRate {
  double fnmr = 0;
  Range range;
};

// Faces whose age was estimated, and how many of them are declined for it.
struct AgesDeclined {
  std::uint64_t estimated = 0;
  std::uint64_t declined = 0;
};

struct GroupCalibration {
  std::string name;  // of the first: "all"
  std::uint64_t people = 0;
  std::uint64_t impostor_pairs = 0;
  std::uint64_t mated_pairs = 0;
  double measured_to = 0;            // points of a lower FMR are extrapolated by `tail`
  std::vector<RatePoint> points;     // falling FMR, rising score; the last at the table's limit
  std::vector<MissRate> misses;      // at the points' scores; empty: no mated pairs
  std::optional<ParetoTail> tail;    // none: nothing is extrapolated
  std::optional<AgesDeclined> ages;  // none: no age was estimated, or none is declined
};

struct CalibrationData {
  std::string name;  // the folder's and what was chosen of it
  std::uint64_t people = 0;
  std::uint64_t images = 0;
  std::uint64_t failed = 0;    // to enrol
  std::uint64_t left_out = 0;  // pairs taken for one person under two names
};

// Searches of strangers in galleries of N: FPIR = 1 - (1 - FMR)^(factor N). 1: as if comparisons
// were independent.
struct Growth {
  double factor = 1;
  Range range{1, 1};
  std::uint64_t searches = 0;        // it rests on
  std::vector<std::uint64_t> sizes;  // of the galleries
};

struct Calibration {
  std::string pack;
  std::string model_hash;  // of the pack whose scores these are
  std::string date;        // "2026-11-25"
  std::string command;
  std::string precision;  // "f32", "bf16"
  double limit = 0;       // no lower FMR is stated
  std::vector<CalibrationData> data;
  std::vector<GroupCalibration> groups;
  Growth growth;
  // Estimated ages below this are not matched: the pack cannot tell such faces apart. None: the
  // pack estimates no age, or all were measured.
  std::optional<double> decline_below_age;
};

inline constexpr std::size_t kMaxCalibrationGroups = 128;
inline constexpr std::size_t kMaxRatePoints = 128;
// Fewer pairs than this behind a rate make no measured figure.
inline constexpr std::uint64_t kLeastPairs = 30;
// Of the table's first group.
inline constexpr std::string_view kEverybody = "all";

// kMalformed names file and member. Whatever comes back keeps to what is said above, and every
// group reaches from an FMR of 1e-3 or more to the limit, 1e-6 or less.
Result<Calibration> ParseCalibration(ByteSpan text, const std::string& origin);
// The same table as text; ParseCalibration(FormatCalibration(t)) == t to 6 figures.
std::string FormatCalibration(const Calibration& table);

}  // namespace candid::decision
