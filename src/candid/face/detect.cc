#include "candid/face/detect.h"

#include <algorithm>
#include <cmath>

namespace candid::face {
namespace {

constexpr int kFirstSide = 256;
constexpr float kThreshold = 0.5f;
constexpr float kBlendOverlap = 0.3f;
// A face of this many network pixels is found 19 times in 20 and survives the presence test
// (tests/accuracy/detection_test.cc; at 12.5 it was 7 times in 8).
constexpr float kSmallestSeen = 15.5f;
// Above this a second look is too dear; faces then must be larger in proportion.
constexpr int kMaxSecondSide = 1536;
// The grid's coarser stride is 16, and its pooling wants one more halving.
constexpr int kSizeStep = 64;
// In the second look larger boxes are left to the first, which sees the whole face.
constexpr float kLargestInSecond = 160;
// Where nothing is found the picture may be all face: it is looked at again with this much border.
constexpr double kBorderShare = 0.3;

int RoundUp(double side) {
  return std::max(kSizeStep, static_cast<int>(std::ceil(side / kSizeStep)) * kSizeStep);
}

Result<BlazeGrid> FindGrid(const Network& network, const infer::Session& session, int stride,
                           int anchors_per_cell, int width, int height) {
  BlazeGrid grid;
  grid.columns = width / stride;
  grid.rows = height / stride;
  grid.stride = stride;
  grid.anchors_per_cell = anchors_per_cell;
  const std::size_t anchors = static_cast<std::size_t>(grid.columns) *
                              static_cast<std::size_t>(grid.rows) *
                              static_cast<std::size_t>(anchors_per_cell);
  for (std::size_t i = 0; i < network.output_count(); ++i) {
    if (session.output(i).size() == anchors) grid.logits = session.output(i);
    if (session.output(i).size() == anchors * 16) grid.regressions = session.output(i);
  }
  if (grid.logits.empty() || grid.regressions.empty()) {
    return Fail(Code::kUnsupported, "the detector's outputs are not those of a BlazeFace network");
  }
  return grid;
}

// `to_picture` maps pixels of the network's input to pixels of the picture; without rotation.
Status Look(Network& network, const image::Image& picture, int width, int height,
            const image::Affine& to_picture, float largest, std::vector<Detection>* detections) {
  const image::Image input = image::Warp(picture, to_picture, width, height);
  CANDID_ASSIGN(infer::Session * session, network.Run(input));
  std::vector<Detection> seen;
  CANDID_ASSIGN(const BlazeGrid fine, FindGrid(network, *session, 16, 2, width, height));
  CANDID_ASSIGN(const BlazeGrid coarse, FindGrid(network, *session, 32, 6, width, height));
  ReadGrid(fine, kThreshold, &seen);
  ReadGrid(coarse, kThreshold, &seen);
  for (Detection& detection : seen) {
    if (std::max(detection.box.width, detection.box.height) > largest) continue;
    const auto map = [&](Point* point) {
      point->x = static_cast<float>(point->x * to_picture.a + to_picture.c);
      point->y = static_cast<float>(point->y * to_picture.e + to_picture.f);
    };
    Point corner{detection.box.left, detection.box.top};
    map(&corner);
    detection.box = {corner.x, corner.y, static_cast<float>(detection.box.width * to_picture.a),
                     static_cast<float>(detection.box.height * to_picture.e)};
    for (Point* point :
         {&detection.eye_left, &detection.eye_right, &detection.nose, &detection.mouth}) {
      map(point);
    }
    detections->push_back(detection);
  }
  return {};
}

// The whole picture in the middle of the network's square, with `border` of the longer side around.
image::Affine Letterbox(const image::Image& picture, double border) {
  const double longer = std::max(picture.width, picture.height) * (1 + 2 * border);
  const double scale = longer / kFirstSide;
  return {scale, 0, picture.width / 2.0 - longer / 2, 0, scale, picture.height / 2.0 - longer / 2};
}

constexpr float kAnySize = 1e9f;

}  // namespace

DetectPlan PlanDetection(int width, int height, float min_face_px) {
  const double longer = std::max(width, height);
  const double scale =
      std::min({1.0, double{kSmallestSeen} / double{min_face_px}, kMaxSecondSide / longer});
  if (longer * scale <= kFirstSide * 1.2) return {};
  return {RoundUp(width * scale), RoundUp(height * scale)};
}

Result<std::vector<Detection>> Detect(Network& network, const image::Image& picture,
                                      const DetectPlan& plan) {
  std::vector<Detection> detections;
  CANDID_TRY(
      Look(network, picture, kFirstSide, kFirstSide, Letterbox(picture, 0), kAnySize, &detections));
  if (plan.second_width > 0) {
    // The sizes are rounded up to the network's step: the rest is border at right and bottom.
    const double scale = std::max(static_cast<double>(picture.width) / plan.second_width,
                                  static_cast<double>(picture.height) / plan.second_height);
    CANDID_TRY(Look(network, picture, plan.second_width, plan.second_height,
                    {scale, 0, 0, 0, scale, 0}, kLargestInSecond, &detections));
  }
  if (detections.empty()) {
    CANDID_TRY(Look(network, picture, kFirstSide, kFirstSide, Letterbox(picture, kBorderShare),
                    kAnySize, &detections));
  }
  return Blend(std::move(detections), kBlendOverlap);
}

}  // namespace candid::face
