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

Result<std::vector<float>> Vector(Network& network, const image::Image& chip) {
  CANDID_ASSIGN(infer::Session * session, network.Run(chip));
  const std::span<const float> output = session->output();
  std::vector<float> vector(output.begin(), output.end());
  if (!MakeUnit(&vector)) return Fail(Code::kInternal, "the embedder's output is not a number");
  return vector;
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

Result<Template> Embed(std::vector<Embedder>& embedders, const Chips& chips) {
  Template joined;
  for (Embedder& embedder : embedders) {
    const models::Part& part = embedder.network.part();
    const image::Image chip = ChipFor(part, chips);
    CANDID_ASSIGN(std::vector<float> vector, Vector(embedder.network, chip));
    if (part.flip) {
      CANDID_ASSIGN(const std::vector<float> mirrored,
                    Vector(embedder.network, image::Mirror(chip)));
      for (std::size_t i = 0; i < vector.size(); ++i) vector[i] += mirrored[i];
    }
    bool pointed = MakeUnit(&vector);
    if (!embedder.matrix.empty()) {
      vector = Reduce(embedder.matrix, vector);
      pointed = MakeUnit(&vector) && pointed;
    }
    if (!pointed) return Fail(Code::kInternal, "the embedder's vector has no direction");
    for (float value : vector) joined.push_back(static_cast<float>(value * part.weight));
  }
  MakeUnit(&joined);
  return joined;
}

}  // namespace candid::face
