#include "candid/face/landmarks.h"

#include <algorithm>
#include <cmath>

namespace candid::face {
namespace {

constexpr std::size_t kMeshPoints = 468;
// The crop's side over the face's, as the mesh network was trained (MediaPipe face mesh).
constexpr double kCropScale = 1.5;

// Points of the mesh, MediaPipe's numbering; left is left in the picture.
constexpr std::size_t kEyeLeftOuter = 33, kEyeLeftInner = 133;
constexpr std::size_t kEyeRightInner = 362, kEyeRightOuter = 263;
constexpr std::size_t kNoseTip = 1;
constexpr std::size_t kMouthLeftCorner = 61, kMouthRightCorner = 291;
constexpr std::size_t kLidLeftUp = 159, kLidLeftDown = 145, kLidRightUp = 386, kLidRightDown = 374;
// All landmarks after the pupils.
constexpr std::array<std::size_t, kAllLandmarkNames.size() - kLandmarkCount - 2> kFurther{
    70,  105, 107,         336,
    334, 300,                              // eyebrows from left to right
    33,  133, kLidLeftUp,  kLidLeftDown,   // eyes: corners, lids
    362, 263, kLidRightUp, kLidRightDown,  //
    64,  294, 0,           17,             // nostrils' wings, lips
    127, 58,  152,         288,
    356};  // jaw from ear to ear

// A square of the picture, turned.
struct Crop {
  Point centre;
  double side = 0;
  double angle = 0;  // radians, clockwise in the picture
};

Point Middle(const MeshPoint& a, const MeshPoint& b) { return {(a.x + b.x) / 2, (a.y + b.y) / 2}; }

double AngleOf(const Point& left, const Point& right) {
  return std::atan2(right.y - left.y, right.x - left.x);
}

Crop CropOf(const Detection& detection) {
  const Box& box = detection.box;
  return {{box.left + box.width / 2, box.top + box.height / 2},
          kCropScale * std::max(box.width, box.height),
          AngleOf(detection.eye_left, detection.eye_right)};
}

Crop CropOf(const std::vector<MeshPoint>& mesh) {
  const auto landmarks = LandmarksOf(mesh);
  const double angle = AngleOf(landmarks[kEyeLeft], landmarks[kEyeRight]);
  const double cosine = std::cos(angle), sine = std::sin(angle);
  double low_u = 1e30, high_u = -1e30, low_v = 1e30, high_v = -1e30;
  for (const MeshPoint& point : mesh) {
    const double u = cosine * point.x + sine * point.y;
    const double v = -sine * point.x + cosine * point.y;
    low_u = std::min(low_u, u), high_u = std::max(high_u, u);
    low_v = std::min(low_v, v), high_v = std::max(high_v, v);
  }
  const double u = (low_u + high_u) / 2, v = (low_v + high_v) / 2;
  return {{static_cast<float>(cosine * u - sine * v), static_cast<float>(sine * u + cosine * v)},
          kCropScale * std::max(high_u - low_u, high_v - low_v),
          angle};
}

Result<Mesh> Look(Network& network, const image::Image& picture, const Crop& crop) {
  const int side = network.part().input.width;
  const double scale = crop.side / side;
  const double a = scale * std::cos(crop.angle), b = scale * std::sin(crop.angle);
  const double half = side / 2.0;
  const image::Affine to_picture{a, -b, crop.centre.x - a * half + b * half,
                                 b, a,  crop.centre.y - b * half - a * half};
  CANDID_ASSIGN(infer::Session * session,
                network.Run(image::Warp(picture, to_picture, side, side)));
  Mesh mesh;
  bool flagged = false;
  for (std::size_t i = 0; i < network.output_count(); ++i) {
    const std::span<const float> output = session->output(i);
    if (output.size() == 1) mesh.presence = output[0], flagged = true;
    if (output.size() != kMeshPoints * 3) continue;
    mesh.points.resize(kMeshPoints);
    for (std::size_t p = 0; p < kMeshPoints; ++p) {
      const double x = output[3 * p], y = output[3 * p + 1];
      mesh.points[p] = {static_cast<float>(to_picture.a * x + to_picture.b * y + to_picture.c),
                        static_cast<float>(to_picture.d * x + to_picture.e * y + to_picture.f),
                        static_cast<float>(scale * output[3 * p + 2])};
    }
  }
  if (!flagged || mesh.points.empty()) {
    return Fail(Code::kUnsupported, "the landmark model's outputs are not those of a face mesh");
  }
  return mesh;
}

bool Usable(const Crop& crop) {
  return std::isfinite(crop.side) && crop.side >= 4 && std::isfinite(crop.centre.x) &&
         std::isfinite(crop.centre.y) && std::isfinite(crop.angle);
}

}  // namespace

std::array<Point, kLandmarkCount> LandmarksOf(const std::vector<MeshPoint>& mesh) {
  const auto middle = [&](std::size_t a, std::size_t b) { return Middle(mesh[a], mesh[b]); };
  const auto at = [&](std::size_t a) { return Point{mesh[a].x, mesh[a].y}; };
  return {middle(kEyeLeftOuter, kEyeLeftInner), middle(kEyeRightInner, kEyeRightOuter),
          at(kNoseTip), at(kMouthLeftCorner), at(kMouthRightCorner)};
}

std::vector<Point> AllLandmarksOf(const std::vector<MeshPoint>& mesh) {
  const auto five = LandmarksOf(mesh);
  std::vector<Point> points{five[kEyeLeft],
                            five[kEyeRight],
                            five[kMouthLeft],
                            five[kMouthRight],
                            five[kNose],
                            Middle(mesh[kLidLeftUp], mesh[kLidLeftDown]),
                            Middle(mesh[kLidRightUp], mesh[kLidRightDown])};
  for (const std::size_t index : kFurther) points.push_back({mesh[index].x, mesh[index].y});
  return points;
}

Box BoxOf(const std::vector<MeshPoint>& mesh) {
  float low_x = mesh[0].x, high_x = low_x, low_y = mesh[0].y, high_y = low_y;
  for (const MeshPoint& point : mesh) {
    low_x = std::min(low_x, point.x), high_x = std::max(high_x, point.x);
    low_y = std::min(low_y, point.y), high_y = std::max(high_y, point.y);
  }
  return {low_x, low_y, high_x - low_x, high_y - low_y};
}

Result<Mesh> FindLandmarks(Network& network, const image::Image& picture,
                           const Detection& detection) {
  CANDID_ASSIGN(Mesh first, Look(network, picture, CropOf(detection)));
  // A crop of nothing may give points anywhere.
  const Crop crop = CropOf(first.points);
  if (!Usable(crop)) {
    first.presence = 0;
    return first;
  }
  return Look(network, picture, crop);
}

}  // namespace candid::face
