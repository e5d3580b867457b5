#include "candid/eval/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace candid::eval {
namespace {

// With 20 pairs above it or so, but not so rare that few data sets reach it.
constexpr double kStrangerFmr = 1e-3;

struct Band {
  float below;
  const char* name;
};

template <typename Figure>
Grouping Banded(const char* name, std::span<const Sample> samples, std::span<const Band> bands,
                const Figure& figure) {
  Grouping grouping;
  grouping.name = name;
  for (const Band& band : bands) grouping.groups.emplace_back(band.name);
  for (const Sample& sample : samples) {
    const auto band = std::find_if(bands.begin(), bands.end(),
                                   [&](const Band& b) { return figure(sample) < b.below; });
    grouping.of_image.push_back(sample.outcome != Outcome::kEnrolled
                                    ? kNoGroup
                                    : static_cast<std::uint16_t>(band - bands.begin()));
  }
  return grouping;
}

// Images as a set of their own.
struct Subset {
  std::vector<float> values;
  std::vector<Figures> figures;
  std::vector<std::uint32_t> subjects;
  std::vector<std::uint8_t> failed;
  LabelledTemplates view(std::size_t dimension) const {
    return {values, dimension, subjects, failed, figures};
  }
};

void Append(const Enrolment& from, std::size_t i, std::uint32_t subject, Subset* to) {
  const auto row = from.values.begin() + static_cast<std::ptrdiff_t>(i * from.dimension);
  to->values.insert(to->values.end(), row, row + static_cast<std::ptrdiff_t>(from.dimension));
  to->figures.push_back(from.view().figures_of(i));
  to->subjects.push_back(subject);
  to->failed.push_back(from.failed[i]);
}

Subset Without(const std::vector<bool>& suspect, const Enrolment& enrolment) {
  Subset out;
  for (std::size_t i = 0; i < suspect.size(); ++i) {
    if (!suspect[i]) Append(enrolment, i, enrolment.subjects[i], &out);
  }
  return out;
}

PairScoreOptions Scoring(const EvaluationOptions& options) {
  PairScoreOptions scoring;
  scoring.jobs = options.bootstrap.jobs;
  scoring.down_to = *std::min_element(options.thresholds.begin(), options.thresholds.end());
  return scoring;
}

VerificationOptions Verifying(const EvaluationOptions& options) {
  VerificationOptions verifying;
  verifying.thresholds = options.thresholds;
  verifying.bootstrap = options.bootstrap;
  return verifying;
}

void FindAndLeaveOutSuspects(const Enrolment& enrolment, const EvaluationOptions& options,
                             Evaluation* out) {
  float stranger = options.thresholds.front();
  for (const OperatingPoint& point : out->verification->points) {
    if (point.asked_fmr == kStrangerFmr && point.reach == Reach::kMeasured) {
      stranger = static_cast<float>(point.threshold.value);
    }
  }
  out->suspects = FindSuspects(out->scores, enrolment.subjects, enrolment.digests, stranger);
  const auto& suspect = out->suspects.suspect;
  if (std::find(suspect.begin(), suspect.end(), true) == suspect.end()) return;
  const Subset rest = Without(suspect, enrolment);
  const auto scores = ScoreAllPairs(rest.view(enrolment.dimension), Scoring(options));
  if (!scores) return;
  if (options.extrapolate) {
    auto tail = Extrapolate(*scores, rest.subjects, options.bootstrap);
    if (tail) out->tail_without_suspects = std::move(*tail);
  }
  auto report = Verify({&*scores, rest.subjects, rest.failed, {}, {}}, Verifying(options));
  if (report) {
    out->without_suspects = std::move(*report);
  } else {
    out->notes.push_back("Without the suspected images: " + report.error().message() + ".");
  }
}

void Note(const char* what, const Error& error, Evaluation* out) {
  out->notes.push_back(fmt::format("{}: {}.", what, error.message()));
}

// The data set's images, and behind them those of the fillers as people of their own. The same
// bytes under both roofs are no stranger and are left out.
class WithFillers {
 public:
  WithFillers(const Enrolment& enrolment, const Enrolment& fillers)
      : dimension_(enrolment.dimension) {
    for (std::size_t i = 0; i < enrolment.subjects.size(); ++i) {
      Append(enrolment, i, enrolment.subjects[i], &all_);
    }
    const std::set<Digest> known(enrolment.digests.begin(), enrolment.digests.end());
    std::uint32_t next = 0;
    for (const std::uint32_t subject : enrolment.subjects) next = std::max(next, subject + 1);
    std::set<Digest> taken;
    for (std::size_t i = 0; i < fillers.subjects.size(); ++i) {
      if (fillers.failed[i] != 0) continue;
      if (known.contains(fillers.digests[i]) || !taken.insert(fillers.digests[i]).second) {
        ++doubles_;
        continue;
      }
      Append(fillers, i, next++, &all_);
      ++count_;
    }
  }
  LabelledTemplates view() const { return all_.view(dimension_); }
  std::size_t count() const { return count_; }
  std::size_t doubles() const { return doubles_; }

 private:
  const std::size_t dimension_;
  Subset all_;
  std::size_t count_ = 0;
  std::size_t doubles_ = 0;
};

// Other galleries, for the plain figures alone.
void DrawOtherGalleries(const Dataset& dataset, const LabelledTemplates& templates,
                        IdentificationOptions options, Evaluation* out) {
  const std::uint64_t seed = options.bootstrap.seed;
  options.bootstrap.resamples = 1;
  const auto& points = out->identification->points;
  std::vector<std::vector<double>> fpir(points.size()), fnir(points.size());
  const auto take = [&](const IdentificationReport& report) {
    for (std::size_t p = 0; p < points.size(); ++p) {
      if (!points[p].supported || !report.points[p].supported) continue;
      fpir[p].push_back(report.points[p].fpir.value);
      fnir[p].push_back(report.points[p].fnir.value);
    }
  };
  take(*out->identification);
  for (std::uint64_t other = 1; other < kGalleries; ++other) {
    const auto set =
        SearchGallery(templates, seed + other, options.bootstrap.jobs, dataset.images.size());
    if (!set) return;
    const auto report = Identify(*set, dataset.subjects, {}, options);
    if (!report) return;
    take(*report);
  }
  for (std::size_t p = 0; p < points.size(); ++p) {
    out->spreads.push_back({SpreadOf(fpir[p]), SpreadOf(fnir[p])});
  }
}

void MeasureSearches(const Dataset& dataset, const Enrolment& enrolment,
                     const EvaluationOptions& options,
                     const std::function<void(std::string_view)>& stage, Evaluation* out) {
  stage("1:N: searches and intervals");
  std::optional<WithFillers> filled;
  if (options.fillers != nullptr) {
    filled.emplace(enrolment, *options.fillers);
    out->fillers = filled->count();
    const std::size_t all = options.fillers->subjects.size();
    if (filled->count() < all) {
      out->notes.push_back(
          fmt::format("Fillers: {} of {} pictures are in the gallery; {} gave no usable face, {} "
                      "have the same bytes as others.",
                      filled->count(), all, options.fillers->failures(), filled->doubles()));
    }
  }
  const LabelledTemplates templates = filled ? filled->view() : enrolment.view();
  auto searches = SearchGallery(templates, options.bootstrap.seed, options.bootstrap.jobs,
                                dataset.images.size());
  if (!searches) return Note("1:N", searches.error(), out);
  out->searches = std::move(*searches);
  IdentificationOptions identifying;
  identifying.thresholds = options.thresholds;
  identifying.bootstrap = options.bootstrap;
  auto report = Identify(*out->searches, dataset.subjects, out->groupings, identifying);
  if (!report) return Note("1:N", report.error(), out);
  out->identification = std::move(*report);
  stage("1:N: other galleries");
  DrawOtherGalleries(dataset, templates, identifying, out);
}

void MeasureBlufr(const Enrolment& enrolment, const EvaluationOptions& options, Evaluation* out) {
  const ListedTrials* listed = options.trials;
  Result<std::vector<Trial>> trials = listed != nullptr
                                          ? Result<std::vector<Trial>>(listed->trials)
                                          : DrawTrials(enrolment.subjects, options.bootstrap.seed);
  if (!trials) return Note("BLUFR", trials.error(), out);
  auto report = MeasureTrials(*trials, enrolment.view(), out->scores, options.bootstrap.jobs);
  if (!report) return Note("BLUFR", report.error(), out);
  report->listed = listed != nullptr;
  report->missing = listed != nullptr ? listed->missing : 0;
  out->trials = std::move(*report);
}

}  // namespace

std::vector<Grouping> MeasuredGroupings(std::span<const Sample> samples) {
  static constexpr float kAll = std::numeric_limits<float>::infinity();
  static constexpr Band kWidths[] = {
      {48, "under 48 px"}, {96, "48 to 95 px"}, {192, "96 to 191 px"}, {kAll, "192 px and more"}};
  static constexpr Band kYaws[] = {{10, "under 10 degrees"},
                                   {20, "10 to 19"},
                                   {30, "20 to 29"},
                                   {45, "30 to 44"},
                                   {kAll, "45 and more"}};
  static constexpr Band kUses[] = {
      {0.25F, "under 0.25"}, {0.5F, "0.25 to 0.5"}, {0.75F, "0.5 to 0.75"}, {kAll, "0.75 to 1"}};
  return {Banded("width of the face", samples, kWidths,
                 [](const Sample& s) { return std::min(s.box.width, s.box.height); }),
          Banded("head turned aside", samples, kYaws,
                 [](const Sample& s) { return std::abs(s.pose.yaw); }),
          Banded("usefulness", samples, kUses, [](const Sample& s) { return s.usefulness; })};
}

Result<Evaluation> Evaluate(const Dataset& dataset, const Enrolment& enrolment,
                            const EvaluationOptions& options,
                            const std::function<void(std::string_view)>& stage) {
  Evaluation out;
  out.groupings = dataset.groupings;
  for (Grouping& grouping : MeasuredGroupings(enrolment.samples)) {
    out.groupings.push_back(std::move(grouping));
    ++out.measured;
  }
  stage("scoring all pairs");
  CANDID_ASSIGN(out.scores, ScoreAllPairs(enrolment.view(), Scoring(options)));

  stage("1:1: rates, groups and intervals");
  const VerificationOptions verifying = Verifying(options);
  VerificationInput input{&out.scores, enrolment.subjects, enrolment.failed, out.groupings, {}};
  for (std::size_t p = 0; p < verifying.fmrs.size() + verifying.thresholds.size(); ++p) {
    const bool common =
        p >= verifying.fmrs.size() || verifying.fmrs[p] == 1e-3 || verifying.fmrs[p] == 1e-4;
    if (common) input.group_points.push_back(p);
  }
  auto verification = Verify(input, verifying);
  if (verification) {
    out.verification = std::move(*verification);
    if (options.extrapolate) {
      stage("the tail");
      auto tail = Extrapolate(out.scores, enrolment.subjects, options.bootstrap);
      if (tail) out.tail = std::move(*tail);
      if (!tail) Note("Extrapolation", tail.error(), &out);
    }
    stage("suspected labels");
    FindAndLeaveOutSuspects(enrolment, options, &out);
  } else {
    Note("1:1", verification.error(), &out);
  }

  if (!dataset.pairs.empty()) {
    stage("listed pairs");
    auto folds = MeasureFolds(dataset.pairs, enrolment.view());
    if (folds) out.folds = std::move(*folds);
    if (!folds) Note("Listed pairs", folds.error(), &out);
  }

  MeasureSearches(dataset, enrolment, options, stage, &out);
  if (out.verification) {
    stage("BLUFR's trials");
    MeasureBlufr(enrolment, options, &out);
  }
  return out;
}

}  // namespace candid::eval
