#include "candid/face/embed.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "candid/face/align.h"

namespace candid::face {
namespace {

// False where there is no direction to keep.
bool MakeUnit(std::vector<float>* vector) {
  double sum = 0;
  for (float value : *vector) sum += double{value} * value;
  if (!(sum > 1e-20) || !std::isfinite(sum)) return false;
  const double factor = 1 / std::sqrt(sum);
  for (float& value : *vector) value = static_cast<float>(value * factor);
  return true;
}

image::Image ChipFor(const models::Part& part, const Chips& chips) {
  if (part.kind != "face-box") {
    if (part.input.width == chips.aligned.width) return chips.aligned;
    return image::Resize(chips.aligned, part.input.width, part.input.height);
  }
  const double side = std::max(chips.box.width, chips.box.height) * part.chip_scale;
  const double scale = side / part.input.width;
  const double left = chips.box.left + chips.box.width / 2 - side / 2;
  const double top = chips.box.top + chips.box.height / 2 - side / 2;
  return image::Warp(*chips.picture, {scale, 0, left, 0, scale, top}, part.input.width,
                     part.input.height);
}

Result<Sight> Look(Network& network, const image::Image& chip) {
  CANDID_ASSIGN(infer::Session * session, network.Run(chip));
  const std::span<const float> output = session->output();
  Sight sight{{output.begin(), output.end()}, {}};
  if (!MakeUnit(&sight.vector)) {
    return Fail(Code::kInternal, "the embedder's output is not a number");
  }
  if (const auto index = network.part().age_output) {
    if (static_cast<std::size_t>(*index) >= network.output_count()) {
      return Fail(Code::kMalformed,
                  fmt::format("age_output of {} is {}, the last output is {}", network.part().name,
                              *index, network.output_count() - 1));
    }
    const std::span<const float> ages = session->output(static_cast<std::size_t>(*index));
    sight.ages.assign(ages.begin(), ages.end());
  }
  return sight;
}

std::vector<float> Reduce(const std::vector<float>& matrix, const std::vector<float>& vector) {
  std::vector<float> reduced(matrix.size() / vector.size());
  for (std::size_t row = 0; row < reduced.size(); ++row) {
    double sum = 0;
    for (std::size_t i = 0; i < vector.size(); ++i) {
      sum += double{matrix[row * vector.size() + i]} * vector[i];
    }
    reduced[row] = static_cast<float>(sum);
  }
  return reduced;
}

}  // namespace

Result<float> AgeOf(const std::vector<float>& ages) {
  double sum = 0, years = 0;
  for (std::size_t year = 0; year < ages.size(); ++year) {
    sum += ages[year];
    years += static_cast<double>(year) * ages[year];
  }
  if (!(sum > 1e-6) || !std::isfinite(years)) {
    return Fail(Code::kMalformed, "the embedder's age_output holds no distribution of ages");
  }
  return static_cast<float>(years / sum);
}

Result<Sight> LookAt(Network& network, const Chips& chips) {
  const image::Image chip = ChipFor(network.part(), chips);
  CANDID_ASSIGN(Sight sight, Look(network, chip));
  if (!network.part().flip) return sight;
  CANDID_ASSIGN(const Sight mirrored, Look(network, image::Mirror(chip)));
  for (std::size_t i = 0; i < sight.vector.size(); ++i) sight.vector[i] += mirrored.vector[i];
  for (std::size_t i = 0; i < sight.ages.size(); ++i) {
    sight.ages[i] = (sight.ages[i] + mirrored.ages[i]) / 2;
  }
  if (!MakeUnit(&sight.vector)) {
    return Fail(Code::kInternal, "the embedder's vector has no direction");
  }
  return sight;
}

Result<const Sight*> See(TemplateMaker& maker, std::size_t which, const Chips& chips,
                         Sights* sights) {
  sights->resize(maker.embedders.size());
  std::optional<Sight>& sight = (*sights)[which];
  if (!sight) {
    CANDID_ASSIGN(sight, LookAt(maker.embedders[which].network, chips));
  }
  return &*sight;
}

Result<Template> Embed(TemplateMaker& maker, const Chips& chips, Sights sights) {
  Template joined;
  std::vector<float> ages;
  for (std::size_t i = 0; i < maker.embedders.size(); ++i) {
    const Embedder& embedder = maker.embedders[i];
    const models::Part& part = embedder.network.part();
    CANDID_ASSIGN(const Sight* sight, See(maker, i, chips, &sights));
    if (!sight->ages.empty()) ages = sight->ages;
    std::vector<float> vector = sight->vector;
    if (!embedder.matrix.empty()) {
      vector = Reduce(embedder.matrix, vector);
      if (!MakeUnit(&vector)) {
        return Fail(Code::kInternal, "the embedder's vector has no direction");
      }
    }
    for (float value : vector) joined.values.push_back(static_cast<float>(value * part.weight));
  }
  MakeUnit(&joined.values);
  if (!ages.empty()) {
    CANDID_ASSIGN(joined.age, AgeOf(ages));
  }
  if (maker.score) CANDID_TRY(maker.score->Run(ages, &joined));
  return joined;
}

}  // namespace candid::face
