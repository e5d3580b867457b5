#include "candid/eval/verification.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <unordered_map>

namespace candid::eval {
namespace {

constexpr std::size_t kMostImages = std::size_t{1} << 17;
constexpr std::uint64_t kMostMatedPairs = std::uint64_t{1} << 24;
constexpr std::size_t kRows = 4;
constexpr std::size_t kColumns = 16;
constexpr float kNever = -std::numeric_limits<float>::infinity();

// The largest scores of a stream, with memory for twice as many: when full, the smaller half goes
// and its largest member becomes the floor under which nothing more is kept.
class Largest {
 public:
  explicit Largest(std::size_t count) : count_(count) { scores_.reserve(2 * count); }

  void Add(float score) {
    if (score <= floor_) return;
    scores_.push_back(score);
    if (scores_.size() == 2 * count_) Shrink();
  }

  // Descending, `count` of them or all there were above -infinity.
  std::vector<float> Take() && {
    std::sort(scores_.begin(), scores_.end(), std::greater<>());
    scores_.resize(std::min(count_, scores_.size()));
    return std::move(scores_);
  }

 private:
  void Shrink() {
    const auto last = scores_.begin() + static_cast<std::ptrdiff_t>(count_ - 1);
    std::nth_element(scores_.begin(), last, scores_.end(), std::greater<>());
    floor_ = *last;
    scores_.resize(count_);
  }

  std::size_t count_;
  float floor_ = kNever;
  std::vector<float> scores_;
};

struct MatedScore {
  std::uint32_t subject;  // index into the subjects with two images or more
  float score;            // kNever: an image of the pair failed to enrol
};

struct Subjects {
  std::vector<std::uint32_t> index;  // per image
  std::vector<std::uint64_t> pairs;  // per subject
};

using Lanes [[gnu::vector_size(32)]] = float;

// panel holds kColumns rows transposed, so that the inner loop runs along registers.
__attribute__((target_clones("arch=x86-64-v3", "default"))) void Multiply(const float* rows,
                                                                          std::size_t dimension,
                                                                          const float* panel,
                                                                          float* scores) {
  Lanes low[kRows] = {};
  Lanes high[kRows] = {};
  for (std::size_t k = 0; k < dimension; ++k) {
    Lanes first;
    Lanes second;
    std::memcpy(&first, panel + k * kColumns, sizeof first);
    std::memcpy(&second, panel + k * kColumns + kColumns / 2, sizeof second);
#pragma GCC unroll 4
    for (std::size_t r = 0; r < kRows; ++r) {
      low[r] += rows[r * dimension + k] * first;
      high[r] += rows[r * dimension + k] * second;
    }
  }
#pragma GCC unroll 4
  for (std::size_t r = 0; r < kRows; ++r) {
    std::memcpy(scores + r * kColumns, &low[r], sizeof low[r]);
    std::memcpy(scores + r * kColumns + kColumns / 2, &high[r], sizeof high[r]);
  }
}

Status Check(const LabelledTemplates& in, const VerificationOptions& options) {
  const std::size_t n = in.subjects.size();
  const auto bad = [](const std::string& what) { return Fail(Code::kInvalidArgument, what); };
  if (n > kMostImages) {
    return bad("verification takes at most " + std::to_string(kMostImages) + " images, not " +
               std::to_string(n) + ": evaluate a subset");
  }
  if (in.dimension < 1 || in.dimension > 4096) {
    return bad("the templates' dimension must be 1..4096, not " + std::to_string(in.dimension));
  }
  if (in.failed.size() != n || in.values.size() != n * in.dimension) {
    return bad("templates, subjects and failure flags must describe the same images");
  }
  for (const double fmr : options.fmrs) {
    if (!(fmr > 0 && fmr <= 0.1)) return bad("every FMR must be above 0 and at most 0.1");
  }
  if (options.resamples < 1 || options.resamples > 100000) {
    return bad("the bootstrap takes 1..100000 resamples");
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (in.failed[i] != 0) continue;
    double square = 0;
    for (const float v : in.values.subspan(i * in.dimension, in.dimension)) {
      square += double{v} * double{v};
    }
    if (!(std::abs(square - 1) <= 2e-3)) {
      return bad("template " + std::to_string(i) + " is not of unit length: normalise it");
    }
  }
  return {};
}

Subjects Group(std::span<const std::uint32_t> labels) {
  Subjects out;
  std::unordered_map<std::uint32_t, std::uint32_t> seen;
  std::vector<std::uint64_t> images;
  for (const std::uint32_t label : labels) {
    const auto [at, fresh] = seen.try_emplace(label, static_cast<std::uint32_t>(images.size()));
    if (fresh) images.push_back(0);
    ++images[at->second];
    out.index.push_back(at->second);
  }
  for (const std::uint64_t count : images) out.pairs.push_back(count * (count - 1) / 2);
  return out;
}

class AllPairs {
 public:
  AllPairs(const LabelledTemplates& in, const Subjects& subjects, std::size_t tail)
      : in_(in), subjects_(subjects), largest_(tail) {}

  void Run() {
    const std::size_t n = subjects_.index.size();
    std::vector<float> panel(in_.dimension * kColumns);
    std::vector<float> rows(in_.dimension * kRows);
    float scores[kRows * kColumns];
    for (std::size_t column = 0; column < n; column += kColumns) {
      for (std::size_t c = 0; c < kColumns; ++c) {
        for (std::size_t k = 0; k < in_.dimension; ++k) {
          panel[k * kColumns + c] =
              column + c < n ? in_.values[(column + c) * in_.dimension + k] : 0;
        }
      }
      // Only pairs with row < column, so rows past this panel's end are not needed.
      for (std::size_t row = 0; row < std::min(n, column + kColumns); row += kRows) {
        const float* from = in_.values.data() + row * in_.dimension;
        if (row + kRows > n) {
          std::fill(rows.begin(), rows.end(), 0.0F);
          std::copy(from, in_.values.data() + in_.values.size(), rows.begin());
          from = rows.data();
        }
        Multiply(from, in_.dimension, panel.data(), scores);
        for (std::size_t r = 0; r < kRows; ++r) {
          for (std::size_t c = 0; c < kColumns; ++c) {
            if (row + r < column + c && column + c < n) {
              Add(row + r, column + c, scores[r * kColumns + c]);
            }
          }
        }
      }
    }
  }

  std::vector<MatedScore> mated;
  std::vector<float> TakeLargest() && { return std::move(largest_).Take(); }

 private:
  void Add(std::size_t a, std::size_t b, float score) {
    const bool failed = in_.failed[a] != 0 || in_.failed[b] != 0;
    if (subjects_.index[a] == subjects_.index[b]) {
      mated.push_back({subjects_.index[a], failed ? kNever : score});
    } else if (!failed) {
      largest_.Add(score);
    }
  }

  const LabelledTemplates& in_;
  const Subjects& subjects_;
  Largest largest_;
};

struct Counts {
  double accepted = 0;
  double pairs = 0;
};

Interval Percentiles(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  const double last = static_cast<double>(values.size() - 1);
  return {values[static_cast<std::size_t>(std::floor(0.025 * last))],
          values[static_cast<std::size_t>(std::ceil(0.975 * last))]};
}

void Bootstrap(const std::vector<Counts>& subjects, const VerificationOptions& options,
               OperatingPoint& point) {
  std::mt19937_64 random(options.seed);
  std::vector<double> by_pairs;
  std::vector<double> by_subject;
  for (int b = 0; b < options.resamples; ++b) {
    Counts sum;
    double shares = 0;
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      // The bias of the remainder is below 2^-40; std's distributions differ between libraries.
      const Counts& drawn = subjects[random() % subjects.size()];
      sum.accepted += drawn.accepted;
      sum.pairs += drawn.pairs;
      shares += drawn.accepted / drawn.pairs;
    }
    by_pairs.push_back(sum.accepted / sum.pairs);
    by_subject.push_back(shares / static_cast<double>(subjects.size()));
  }
  point.pairs_interval = Percentiles(by_pairs);
  point.subject_interval = Percentiles(by_subject);
}

OperatingPoint Measure(double fmr, std::uint64_t impostors, const std::vector<float>& largest,
                       const std::vector<MatedScore>& mated, const Subjects& subjects,
                       const VerificationOptions& options) {
  OperatingPoint point;
  point.asked_fmr = fmr;
  const auto allowed = static_cast<std::size_t>(fmr * static_cast<double>(impostors));
  if (allowed == 0) return point;
  point.supported = true;
  // Just above the largest score that must not match; none such if failures took the rest.
  point.threshold = allowed < largest.size()
                        ? std::nextafter(largest[allowed], std::numeric_limits<float>::infinity())
                        : std::numeric_limits<float>::lowest();
  for (const float score : largest) point.false_matches += score >= point.threshold ? 1U : 0U;

  std::vector<Counts> counts(subjects.pairs.size());
  for (std::size_t s = 0; s < counts.size(); ++s) {
    counts[s].pairs = static_cast<double>(subjects.pairs[s]);
  }
  for (const MatedScore& m : mated)
    counts[m.subject].accepted += m.score >= point.threshold ? 1 : 0;
  std::erase_if(counts, [](const Counts& c) { return c.pairs == 0; });
  double accepted = 0;
  double shares = 0;
  for (const Counts& c : counts) {
    accepted += c.accepted;
    shares += c.accepted / c.pairs;
  }
  point.tar_by_pairs = accepted / static_cast<double>(mated.size());
  point.tar_by_subject = shares / static_cast<double>(counts.size());
  Bootstrap(counts, options, point);
  return point;
}

}  // namespace

Result<VerificationReport> Verify(const LabelledTemplates& templates,
                                  const VerificationOptions& options) {
  CANDID_TRY(Check(templates, options));
  const Subjects subjects = Group(templates.subjects);
  const std::uint64_t n = subjects.index.size();
  VerificationReport report;
  for (const std::uint64_t pairs : subjects.pairs) report.mated_pairs += pairs;
  report.impostor_pairs = (n == 0 ? 0 : n * (n - 1) / 2) - report.mated_pairs;
  if (report.mated_pairs == 0 || report.impostor_pairs == 0) {
    return Fail(Code::kInvalidArgument,
                "verification needs two subjects, one of them with two images or more");
  }
  if (report.mated_pairs > kMostMatedPairs) {
    return Fail(Code::kInvalidArgument, "verification takes at most " +
                                            std::to_string(kMostMatedPairs) +
                                            " mated pairs: cap the images of a subject");
  }
  double largest_fmr = 0;
  for (const double fmr : options.fmrs) largest_fmr = std::max(largest_fmr, fmr);
  const double tail = largest_fmr * static_cast<double>(report.impostor_pairs);
  AllPairs pairs(templates, subjects, static_cast<std::size_t>(tail) + 1);
  pairs.mated.reserve(report.mated_pairs);
  pairs.Run();
  const std::vector<MatedScore> mated = std::move(pairs.mated);
  const std::vector<float> largest = std::move(pairs).TakeLargest();
  for (const double fmr : options.fmrs) {
    report.points.push_back(Measure(fmr, report.impostor_pairs, largest, mated, subjects, options));
  }
  return report;
}

}  // namespace candid::eval
