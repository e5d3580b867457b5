// Network: one model of a pack ready to run on one thread, fed with pictures.
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "candid/image/image.h"
#include "candid/image/resample.h"
#include "candid/infer/session.h"
#include "candid/models/pack.h"

namespace candid::face {

// One thread at a time, which may run several on one arena in turn: what Run gives is valid until
// any of them runs again. Sessions for the sizes it is asked for are made when first needed; the
// oldest go when there are more than kMaxSizes.
class Network {
 public:
  Network(std::shared_ptr<const infer::Model> model, const models::Part& part,
          infer::Precision precision, std::shared_ptr<infer::Arena> arena);

  const models::Part& part() const { return part_; }
  std::size_t output_count() const { return model_->outputs().size(); }

  // Runs the network on `picture`, whose size is the input's.
  Result<infer::Session*> Run(const image::Image& picture);

 private:
  static constexpr std::size_t kMaxSizes = 4;
  using Size = std::pair<int, int>;  // width, height

  std::shared_ptr<const infer::Model> model_;
  models::Part part_;
  infer::Precision precision_;
  std::shared_ptr<infer::Arena> arena_;
  image::Normalisation normalisation_;
  std::vector<std::pair<Size, std::unique_ptr<infer::Session>>> sessions_;  // latest used last
};

}  // namespace candid::face
