#include "candid/face/embed.h"

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

struct Sight {
  std::vector<float> vector;
  std::optional<float> age;
};

// The expected value of a distribution over 0, 1, 2, ... years.
Result<float> AgeOf(const infer::Session& session, std::size_t index, std::size_t outputs) {
  double sum = 0, years = 0;
  if (index < outputs) {
    const std::span<const float> shares = session.output(index);
    for (std::size_t year = 0; year < shares.size(); ++year) {
      sum += shares[year];
      years += static_cast<double>(year) * shares[year];
    }
  }
  if (!(sum > 1e-6) || !std::isfinite(years)) {
    return Fail(Code::kMalformed, "the embedder's age_output holds no distribution of ages");
  }
  return static_cast<float>(years / sum);
}

Result<Sight> Look(Network& network, const image::Image& chip) {
  CANDID_ASSIGN(infer::Session * session, network.Run(chip));
  const std::span<const float> output = session->output();
  Sight sight{{output.begin(), output.end()}, {}};
  if (!MakeUnit(&sight.vector)) {
    return Fail(Code::kInternal, "the embedder's output is not a number");
  }
  if (network.part().age_output) {
    CANDID_ASSIGN(sight.age, AgeOf(*session, static_cast<std::size_t>(*network.part().age_output),
                                   network.output_count()));
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

Result<Template> Embed(TemplateMaker& maker, const Chips& chips) {
  Template joined;
  for (Embedder& embedder : maker.embedders) {
    const models::Part& part = embedder.network.part();
    const image::Image chip = ChipFor(part, chips);
    CANDID_ASSIGN(Sight sight, Look(embedder.network, chip));
    std::vector<float>& vector = sight.vector;
    if (part.flip) {
      CANDID_ASSIGN(const Sight mirrored, Look(embedder.network, image::Mirror(chip)));
      for (std::size_t i = 0; i < vector.size(); ++i) vector[i] += mirrored.vector[i];
      if (sight.age) sight.age = (*sight.age + *mirrored.age) / 2;
    }
    if (sight.age) joined.age = sight.age;
    bool pointed = MakeUnit(&vector);
    if (!embedder.matrix.empty()) {
      vector = Reduce(embedder.matrix, vector);
      pointed = MakeUnit(&vector) && pointed;
    }
    if (!pointed) return Fail(Code::kInternal, "the embedder's vector has no direction");
    for (float value : vector) joined.values.push_back(static_cast<float>(value * part.weight));
  }
  MakeUnit(&joined.values);
  if (maker.score) CANDID_TRY(maker.score->Run(&joined));
  return joined;
}

}  // namespace candid::face
