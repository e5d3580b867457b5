#include "candid/collections/user_gallery.h"

#include <cmath>
#include <mutex>
#include <numeric>

namespace candid::collections {

store::StoredTemplate VectorOf(std::span<const store::UserFace> faces) {
  std::vector<double> sum(faces.front().vector.size());
  store::StoredTemplate made{{}, {0, 0}};
  const auto count = static_cast<float>(faces.size());
  for (const store::UserFace& face : faces) {
    for (std::size_t d = 0; d < sum.size(); ++d) sum[d] += double{face.vector[d]};
    made.figures.mean += face.figures.mean / count;
    made.figures.deviation += face.figures.deviation / count;
  }
  const double length = std::sqrt(std::inner_product(sum.begin(), sum.end(), sum.begin(), 0.0));
  made.vector = faces.front().vector;
  // Opposite templates leave no direction; the first stands for the user then.
  if (length < 1e-6) return made;
  for (std::size_t d = 0; d < sum.size(); ++d) {
    made.vector[d] = static_cast<float>(sum[d] / length);
  }
  return made;
}

Status UserGallery::Put(UserNumber user, std::span<const store::UserFace> faces) {
  const std::unique_lock lock(mutex_);
  index_->Remove({&user, 1});
  if (faces.empty()) return {};
  const store::StoredTemplate made = VectorOf(faces);
  return index_->Add({&user, 1}, made.vector, {&made.figures, 1});
}

Result<std::vector<gallery::Candidate>> UserGallery::Search(const store::StoredTemplate& probe,
                                                            float threshold,
                                                            std::size_t limit) const {
  const std::shared_lock lock(mutex_);
  CANDID_ASSIGN(auto answers,
                index_->SearchRange({probe.vector, {&probe.figures, 1}}, threshold, limit));
  return std::move(answers.front());
}

}  // namespace candid::collections
