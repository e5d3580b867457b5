#include "candid/face/blazeface.h"

#include <algorithm>
#include <cmath>

#include "candid/base/check.h"

namespace candid::face {
namespace {

constexpr std::size_t kValues = 16;

float Sigmoid(float logit) { return 1.0f / (1.0f + std::exp(-logit)); }

float Intersection(const Box& a, const Box& b) {
  const float width = std::min(a.left + a.width, b.left + b.width) - std::max(a.left, b.left);
  const float height = std::min(a.top + a.height, b.top + b.height) - std::max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}

void AddWeighted(Point* sum, const Point& point, float weight) {
  sum->x += point.x * weight;
  sum->y += point.y * weight;
}

Detection WeightedMean(std::span<const Detection> group) {
  Detection mean;
  mean.score = group.front().score;
  float total = 0;
  for (const Detection& member : group) total += member.score;
  for (const Detection& member : group) {
    const float weight = member.score / total;
    mean.box.left += member.box.left * weight;
    mean.box.top += member.box.top * weight;
    mean.box.width += member.box.width * weight;
    mean.box.height += member.box.height * weight;
    AddWeighted(&mean.eye_left, member.eye_left, weight);
    AddWeighted(&mean.eye_right, member.eye_right, weight);
    AddWeighted(&mean.nose, member.nose, weight);
    AddWeighted(&mean.mouth, member.mouth, weight);
  }
  return mean;
}

}  // namespace

void ReadGrid(const BlazeGrid& grid, float threshold, std::vector<Detection>* detections) {
  const std::size_t anchors = static_cast<std::size_t>(grid.rows) *
                              static_cast<std::size_t>(grid.columns) *
                              static_cast<std::size_t>(grid.anchors_per_cell);
  CANDID_CHECK(grid.logits.size() == anchors && grid.regressions.size() == anchors * kValues);
  const float least_logit = std::log(threshold / (1 - threshold));
  for (std::size_t i = 0; i < anchors; ++i) {
    // Written so that a NaN is no detection.
    if (!(grid.logits[i] >= least_logit)) continue;
    const std::size_t cell = i / static_cast<std::size_t>(grid.anchors_per_cell);
    const std::size_t column = cell % static_cast<std::size_t>(grid.columns);
    const std::size_t row = cell / static_cast<std::size_t>(grid.columns);
    const float stride = static_cast<float>(grid.stride);
    const float x = (static_cast<float>(column) + 0.5f) * stride;
    const float y = (static_cast<float>(row) + 0.5f) * stride;
    const std::span<const float> value = grid.regressions.subspan(i * kValues, kValues);
    const auto point = [&](std::size_t k) {
      return Point{x + value[4 + 2 * k], y + value[5 + 2 * k]};
    };
    Detection detection;
    detection.score = Sigmoid(grid.logits[i]);
    detection.box = {x + value[0] - value[2] / 2, y + value[1] - value[3] / 2, value[2], value[3]};
    // The network's first point is the subject's right eye: left in the picture.
    detection.eye_left = point(0);
    detection.eye_right = point(1);
    detection.nose = point(2);
    detection.mouth = point(3);
    if (detection.box.width > 0 && detection.box.height > 0) detections->push_back(detection);
  }
}

float Overlap(const Box& a, const Box& b) {
  const float both = Intersection(a, b);
  return both > 0 ? both / (a.area() + b.area() - both) : 0;
}

float OverlapOfSmaller(const Box& a, const Box& b) {
  const float both = Intersection(a, b);
  return both > 0 ? both / std::min(a.area(), b.area()) : 0;
}

std::vector<Detection> Blend(std::vector<Detection> detections, float overlap) {
  std::stable_sort(detections.begin(), detections.end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
  std::vector<Detection> blended;
  while (!detections.empty()) {
    const Box best = detections.front().box;
    const auto others = std::stable_partition(
        detections.begin(), detections.end(), [&](const Detection& detection) {
          return &detection == &detections.front() || Overlap(detection.box, best) > overlap;
        });
    blended.push_back(WeightedMean({detections.begin(), others}));
    detections.erase(detections.begin(), others);
  }
  return blended;
}

}  // namespace candid::face
