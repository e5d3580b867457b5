#include "candid/collections/user_gallery.h"

#include <cmath>
#include <mutex>
#include <numeric>

namespace candid::collections {

UserVector VectorOf(std::span<const store::UserFace> faces) {
  std::vector<double> sum(faces.front().vector.size());
  gallery::Calibration calibration{0, 0};
  const auto count = static_cast<float>(faces.size());
  for (const store::UserFace& face : faces) {
    for (std::size_t d = 0; d < sum.size(); ++d) sum[d] += double{face.vector[d]};
    calibration.mean += face.figures.mean / count;
    calibration.deviation += face.figures.deviation / count;
  }
  const double length = std::sqrt(std::inner_product(sum.begin(), sum.end(), sum.begin(), 0.0));
  // Opposite templates leave no direction; any of them stands for the user then.
  if (length < 1e-6) return {faces.front().vector, calibration};
  UserVector vector{{}, calibration};
  for (const double value : sum) vector.values.push_back(static_cast<float>(value / length));
  return vector;
}

Status UserGallery::Put(UserNumber user, std::span<const store::UserFace> faces) {
  const std::unique_lock lock(mutex_);
  index_->Remove({&user, 1});
  if (faces.empty()) return {};
  const UserVector vector = VectorOf(faces);
  return index_->Add({&user, 1}, vector.values, {&vector.calibration, 1});
}

Result<std::vector<gallery::Candidate>> UserGallery::Search(std::span<const float> probe,
                                                            float threshold,
                                                            std::size_t limit) const {
  const std::shared_lock lock(mutex_);
  CANDID_ASSIGN(auto answers, index_->SearchRange(probe, threshold, limit));
  return std::move(answers.front());
}

}  // namespace candid::collections
