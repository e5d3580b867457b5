#include "candid/face/assess.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "candid/base/check.h"

namespace candid::face {
namespace {

// Corners of the eyes, forehead and chin in the 468-point topology of MediaPipe's face mesh.
constexpr std::size_t kEyeLeftOuter = 33;
constexpr std::size_t kEyeRightOuter = 263;
constexpr std::size_t kForehead = 10;
constexpr std::size_t kChin = 152;

constexpr double kDegrees = 180 / std::numbers::pi;

// The part of the 112 chip that shows skin, eyes and mouth on every aligned face, in shares.
constexpr double kMiddleFrom = 0.22;
constexpr double kMiddleTo = 0.88;

// Faces that look into the camera read as bent forward by so much: the median of 1,089 photos of
// lfw-dev (docs/quality.md).
constexpr double kLean = 6;

// Log-odds of a face without faults, and what each fault takes off them (docs/quality.md).
constexpr double kFaultless = 3.97;
constexpr std::array<double, kFaultCount> kFaultWeights{0.64, 3.44, 2.63, 1.46, 3.35, 1.76, 7.78};

// 0 at `good` and before, 1 at `bad` and beyond, straight between; works in both directions.
double Ramp(double value, double good, double bad) {
  return std::clamp((value - good) / (bad - good), 0.0, 1.0);
}

}  // namespace

Pose PoseOf(std::span<const MeshPoint> mesh) {
  CANDID_CHECK(mesh.size() > kEyeRightOuter);
  const MeshPoint &left = mesh[kEyeLeftOuter], &right = mesh[kEyeRightOuter];
  const MeshPoint &top = mesh[kForehead], &chin = mesh[kChin];
  // The face's own axes: across the eyes and down from forehead to chin.
  const double across_x = right.x - left.x, across_y = right.y - left.y;
  const double across_z = right.z - left.z;
  const double down_y_length = std::hypot(chin.x - top.x, chin.y - top.y);
  Pose pose;
  pose.roll = static_cast<float>(std::atan2(across_y, across_x) * kDegrees);
  // A face whose right-of-picture eye is farther away looks to the right of the picture.
  pose.yaw = static_cast<float>(std::atan2(across_z, std::hypot(across_x, across_y)) * kDegrees);
  // A face turned up has its chin nearer than its forehead.
  pose.pitch = static_cast<float>(std::atan2(top.z - chin.z, down_y_length) * kDegrees + kLean);
  return pose;
}

Quality QualityOf(const image::Image& chip) {
  const int from_x = static_cast<int>(chip.width * kMiddleFrom);
  const int to_x = static_cast<int>(chip.width * kMiddleTo);
  const int from_y = static_cast<int>(chip.height * kMiddleFrom);
  const int to_y = static_cast<int>(chip.height * kMiddleTo);
  const int columns = to_x - from_x;
  std::vector<float> luma(static_cast<std::size_t>(columns) *
                          static_cast<std::size_t>(to_y - from_y));
  double sum = 0;
  for (int y = from_y; y < to_y; ++y) {
    const std::uint8_t* pixel = chip.row(y) + static_cast<std::size_t>(from_x) * 3;
    float* out = luma.data() + static_cast<std::size_t>(y - from_y) * columns;
    for (int x = 0; x < columns; ++x, pixel += 3) {
      out[x] = 0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2];
      sum += out[x];
    }
  }
  // Second differences over two pixels, along rows and columns: the detail a chip of full
  // resolution has and an enlarged one lacks.
  double detail = 0;
  std::size_t terms = 0;
  for (int y = 2; y < to_y - from_y - 2; ++y) {
    const float* row = luma.data() + static_cast<std::size_t>(y) * columns;
    for (int x = 2; x < columns - 2; ++x) {
      const float along = row[x - 2] - 2 * row[x] + row[x + 2];
      const float down = row[x - 2 * columns] - 2 * row[x] + row[x + 2 * columns];
      detail += std::abs(along) + std::abs(down);
      ++terms;
    }
  }
  const double mean = sum / static_cast<double>(luma.size());
  // Relative to the light there is: a dark face is not a blurred one.
  const double strength = detail / static_cast<double>(terms) / (mean + 16.0);
  Quality quality;
  quality.brightness = static_cast<float>(std::clamp(mean / 2.55, 0.0, 100.0));
  quality.sharpness = static_cast<float>(
      std::clamp(100.0 + 30.0 * std::log2(std::max(strength, 1e-6) / 0.35), 0.0, 100.0));
  return quality;
}

std::array<double, kFaultCount> FaultsOf(const Face& face) {
  std::array<double, kFaultCount> faults;
  const double side = std::max(1.0, double{std::min(face.box.width, face.box.height)});
  faults[kSmall] = std::clamp(std::log2(80 / side), 0.0, 3.0);
  faults[kBlurred] = Ramp(face.quality.sharpness, 85, -15);
  faults[kDark] = Ramp(face.quality.brightness, 40, 0);
  faults[kBright] = Ramp(face.quality.brightness, 65, 100);
  // Squared: a little off the front costs nothing.
  faults[kTurned] = std::pow(Ramp(std::abs(face.pose.yaw), 0, 60), 2);
  faults[kTilted] = std::pow(Ramp(std::abs(face.pose.pitch), 0, 40), 2);
  faults[kDoubtful] = Ramp(face.confidence, 0.9, -0.1);
  return faults;
}

double UsefulnessOf(const std::array<double, kFaultCount>& faults) {
  double odds = kFaultless;
  for (std::size_t i = 0; i < faults.size(); ++i) odds -= kFaultWeights[i] * faults[i];
  return 1 / (1 + std::exp(-odds));
}

}  // namespace candid::face
