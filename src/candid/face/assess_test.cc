#include "candid/face/assess.h"

#include <gtest/gtest.h>

#include <cmath>

namespace candid::face {
namespace {

// Eyes, forehead and chin of a face that looks at the camera, then turned by the given degrees.
std::vector<MeshPoint> Turned(double roll, double yaw, double pitch) {
  constexpr double kRadians = 3.14159265358979 / 180;
  std::vector<MeshPoint> mesh(468);
  const auto put = [&](std::size_t index, double x, double y) {
    double z = 0;
    // Pitch about x (up brings the chin nearer: z falls), then yaw about y, then roll about z.
    const double p = pitch * kRadians;
    const double y1 = y * std::cos(p), z1 = -y * std::sin(p) + z;
    const double w = yaw * kRadians;
    const double x2 = x * std::cos(w) - z1 * std::sin(w), z2 = x * std::sin(w) + z1 * std::cos(w);
    const double r = roll * kRadians;
    mesh[index] = {static_cast<float>(x2 * std::cos(r) - y1 * std::sin(r)),
                   static_cast<float>(x2 * std::sin(r) + y1 * std::cos(r)), static_cast<float>(z2)};
  };
  put(33, -30, 0);
  put(263, 30, 0);
  put(10, 0, -50);
  put(152, 0, 50);
  return mesh;
}

TEST(PoseOf, ReadsEachAngleWithItsSign) {
  const Pose front = PoseOf(Turned(0, 0, 0));
  EXPECT_NEAR(front.roll, 0, 1e-3);
  EXPECT_NEAR(front.yaw, 0, 1e-3);
  // Forehead and chin of a real face that looks ahead do not stand above each other.
  EXPECT_NEAR(front.pitch, 6, 1e-3);
  EXPECT_NEAR(PoseOf(Turned(20, 0, 0)).roll, 20, 0.1);
  EXPECT_NEAR(PoseOf(Turned(0, 35, 0)).yaw, 35, 0.1);
  EXPECT_NEAR(PoseOf(Turned(0, -35, 0)).yaw, -35, 0.1);
  EXPECT_NEAR(PoseOf(Turned(0, 0, 15)).pitch, 6 + 15, 0.1);
  EXPECT_NEAR(PoseOf(Turned(0, 0, -15)).pitch, 6 - 15, 0.1);
}

image::Image Stripes(int period, int low, int high) {
  image::Image chip{112, 112, std::vector<std::uint8_t>(112 * 112 * 3)};
  for (std::size_t i = 0; i < chip.rgb.size(); ++i) {
    const int x = static_cast<int>(i / 3 % 112);
    chip.rgb[i] = static_cast<std::uint8_t>(x / (period / 2) % 2 ? high : low);
  }
  return chip;
}

TEST(QualityOf, TellsLightAndDetail) {
  const Quality flat = QualityOf(Stripes(224, 128, 128));
  EXPECT_NEAR(flat.brightness, 128 / 2.55, 0.5);
  EXPECT_FLOAT_EQ(flat.sharpness, 0);
  EXPECT_GT(QualityOf(Stripes(4, 126, 130)).sharpness, QualityOf(Stripes(16, 126, 130)).sharpness);
  EXPECT_LT(QualityOf(Stripes(4, 0, 10)).brightness, 5);
}

TEST(UsefulnessOf, FallsWithEveryFault) {
  Face good;
  good.box = {0, 0, 100, 120};
  good.confidence = 0.98f;
  good.quality = {50, 90};
  const auto useful = [](const Face& face) { return UsefulnessOf(FaultsOf(face)); };
  const double best = useful(good);
  EXPECT_GT(best, 0.95);
  EXPECT_LT(best, 1);
  Face small = good, blurred = good, dark = good, bright = good, turned = good, tilted = good,
       doubtful = good;
  small.box = {0, 0, 20, 24};
  blurred.quality.sharpness = 5;
  dark.quality.brightness = 5;
  bright.quality.brightness = 95;
  turned.pose.yaw = -50;
  tilted.pose.pitch = 30;
  doubtful.confidence = 0.5f;
  for (const Face& face : {small, blurred, dark, bright, turned, tilted, doubtful}) {
    EXPECT_LT(useful(face), best - 0.02);
  }
  Face bad = small;
  bad.quality = {5, 5};
  bad.pose.yaw = 60;
  bad.confidence = 0.5f;
  EXPECT_LT(useful(bad), 0.01);
  EXPECT_GT(useful(bad), 0);
}

TEST(UsefulnessOf, IsANumberForAnyFace) {
  Face nothing;
  nothing.box = {0, 0, 0, 0};
  EXPECT_GE(UsefulnessOf(FaultsOf(nothing)), 0);
  EXPECT_LT(UsefulnessOf(FaultsOf(nothing)), 0.01);
}

}  // namespace
}  // namespace candid::face
