#include "candid/eval/halves.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "candid/base/hash.h"
#include "candid/decision/scale.h"

namespace candid::eval {
namespace {

// A part of a set, as a set of its own with people numbered from 0.
struct Part {
  std::vector<float> values;
  std::vector<std::uint32_t> subjects;
  std::vector<std::uint8_t> failed;
  std::vector<Figures> figures;
  std::map<std::uint32_t, std::uint32_t> number;

  void Take(const LabelledTemplates& from, std::size_t image) {
    const auto row = from.values.begin() + static_cast<std::ptrdiff_t>(image * from.dimension);
    values.insert(values.end(), row, row + static_cast<std::ptrdiff_t>(from.dimension));
    const auto next = static_cast<std::uint32_t>(number.size());
    subjects.push_back(number.emplace(from.subjects[image], next).first->second);
    failed.push_back(from.failed[image]);
    figures.push_back(from.figures_of(image));
  }
};

std::string PersonOf(const LabelledImage& image) {
  return image.name.substr(0, image.name.find('/'));
}

const decision::RatePoint* PointAt(const decision::GroupCalibration& group, double fmr) {
  const auto found = std::find_if(
      group.points.begin(), group.points.end(),
      [&](const decision::RatePoint& point) { return std::abs(point.fmr / fmr - 1) < 1e-6; });
  if (found == group.points.end() || found->fmr * (1 + 1e-9) < group.measured_to) return nullptr;
  return &*found;
}

}  // namespace

Result<Halves> CheckHalves(const Dataset& dataset, const CalibrationSet& set,
                           const std::vector<double>& fmrs, const CalibrateOptions& options,
                           const std::function<void(std::string_view)>& stage) {
  Part parts[2];
  for (std::size_t i = 0; i < dataset.images.size(); ++i) {
    const Digest digest = Sha256(AsBytes(PersonOf(dataset.images[i])));
    parts[digest[0] % 2].Take(set.templates, i);
  }
  decision::GroupCalibration half[2];
  Halves out;
  for (std::size_t h = 0; h < 2; ++h) {
    const CalibrationSet one{set.name,
                             {parts[h].values, set.templates.dimension, parts[h].subjects,
                              parts[h].failed, parts[h].figures},
                             {},
                             set.twins_above};
    CANDID_ASSIGN(const auto outcome, Calibrate({&one, 1}, options, stage));
    half[h] = outcome.table.groups.front();
    out.people[h] = parts[h].number.size();
  }
  for (const double fmr : fmrs) {
    const auto* predicted = PointAt(half[0], fmr);
    const auto* observed = PointAt(half[1], fmr);
    if (predicted == nullptr || observed == nullptr) continue;
    const decision::Range& range = predicted->score_range;
    out.points.push_back({fmr, *predicted, observed->score,
                          decision::RateOf(half[1], predicted->score).fmr,
                          range.low <= observed->score && observed->score <= range.high});
  }
  return out;
}

}  // namespace candid::eval
