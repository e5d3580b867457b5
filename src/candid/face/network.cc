#include "candid/face/network.h"

#include <algorithm>

namespace candid::face {

Network::Network(std::shared_ptr<const infer::Model> model, const models::Part& part,
                 infer::Precision precision, std::shared_ptr<infer::Arena> arena)
    : model_(std::move(model)), part_(part), precision_(precision), arena_(std::move(arena)) {
  normalisation_ = {part.input.bgr ? image::ChannelOrder::kBgr : image::ChannelOrder::kRgb,
                    part.input.mean, part.input.scale};
}

Result<infer::Session*> Network::Run(const image::Image& picture) {
  const Size size{picture.width, picture.height};
  auto found = std::find_if(sessions_.begin(), sessions_.end(),
                            [&](const auto& entry) { return entry.first == size; });
  if (found == sessions_.end()) {
    infer::SessionOptions options;
    options.precision = precision_;
    options.arena = arena_;
    options.input_shapes[model_->inputs().front().name] = {1, 3, picture.height, picture.width};
    CANDID_ASSIGN(auto session, infer::Session::Create(model_, options));
    if (sessions_.size() == kMaxSizes) sessions_.erase(sessions_.begin());
    sessions_.emplace_back(size, std::move(session));
  } else {
    std::rotate(found, found + 1, sessions_.end());
  }
  infer::Session* session = sessions_.back().second.get();
  image::ToPlanar(picture, normalisation_, session->input());
  session->Run();
  return session;
}

}  // namespace candid::face
