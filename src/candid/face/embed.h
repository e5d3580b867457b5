// Embed: an aligned face becomes a template.
#pragma once

#include <optional>
#include <vector>

#include "candid/face/face.h"
#include "candid/face/network.h"
#include "candid/face/score_network.h"

namespace candid::face {

// One embedder of a pack with the matrix that reduces its vector, if it has one.
struct Embedder {
  Network network;
  std::vector<float> matrix;  // rows x output_size, row-major; empty: none
};

struct TemplateMaker {
  std::vector<Embedder> embedders;
  std::optional<ScoreNetwork> score;
};

// What the embedders look at.
struct Chips {
  image::Image aligned;  // kChipSize square, for kind "arcface"
  // For kind "face-box": the picture and the face's box in it.
  const image::Image* picture = nullptr;
  Box box;
};

// What one network sees of a face.
struct Sight {
  std::vector<float> vector;  // as the network gives it, unit length
  std::vector<float> ages;    // probabilities of 0, 1, 2, ... years; empty: not estimated
};

// Over the chip and its mirror image, if the network's part says so.
Result<Sight> LookAt(Network& network, const Chips& chips);

// What a pack's embedders have seen of one face, in their order; empty where one has not looked.
using Sights = std::vector<std::optional<Sight>>;

// The sight of embedder `which`, who looks unless it has.
Result<const Sight*> See(TemplateMaker& maker, std::size_t which, const Chips& chips,
                         Sights* sights);

// Years, the expected value. kMalformed: not probabilities.
Result<float> AgeOf(const std::vector<float>& ages);

// Each embedder's vector (the sum over the chip and its mirror image, if its part says so) is made
// unit length, reduced, weighted; all are laid end to end and made unit length. The score network
// adds its figures. The age is the score network's, else that of the embedder which has one.
Result<Template> Embed(TemplateMaker& maker, const Chips& chips, Sights sights = {});

}  // namespace candid::face
