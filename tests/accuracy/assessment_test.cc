// Pose and quality on real faces: signs and directions that synthetic meshes cannot show.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "candid/base/files.h"
#include "candid/image/encode.h"
#include "candid/image/resample.h"
#include "faces.h"

namespace candid::accuracy {
namespace {

image::Image Turned(const image::Image& picture, double degrees) {
  const double angle = degrees * std::numbers::pi / 180;
  const double a = std::cos(angle), b = std::sin(angle);
  const double x = picture.width / 2.0, y = picture.height / 2.0;
  return image::Warp(picture, {a, b, x - a * x - b * y, -b, a, y + b * x - a * y}, picture.width,
                     picture.height);
}

image::Image Darkened(image::Image picture, double gain) {
  for (std::uint8_t& value : picture.rgb) value = static_cast<std::uint8_t>(value * gain);
  return picture;
}

image::Image Blurred(const image::Image& picture, double factor) {
  return image::Resize(image::Resize(picture, static_cast<int>(picture.width / factor),
                                     static_cast<int>(picture.height / factor)),
                       picture.width, picture.height);
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double Correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size());
  double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) mean_a += a[i] / n, mean_b += b[i] / n;
  for (std::size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
    ab += (a[i] - mean_a) * (b[i] - mean_b);
  }
  return ab / std::sqrt(aa * bb);
}

class AssessmentTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto paths = LfwImages(65, 7);
    if (paths.empty()) GTEST_SKIP() << "no ../shared/data/lfw-dev: nothing to assess";
    auto pack = DefaultPack();
    if (!pack) GTEST_SKIP() << "no converted models: " << pack.error().message();
    pipeline_ = *face::Pipeline::Create(*pack);
    for (const auto& path : paths) {
      const Bytes file = *ReadFile(path, 1 << 20);
      const auto source = image::Source::Open(file);
      const auto picture = source ? source->Decode() : Fail(source.error());
      const auto face = picture ? FaceOf(*picture) : std::nullopt;
      if (!face) continue;
      pictures_.push_back(*picture);
      faces_.push_back(*face);
    }
    ASSERT_GE(faces_.size(), 60u);
  }

  // Where there is just one.
  std::optional<face::Face> FaceOf(const image::Image& picture) const {
    const Bytes file = *image::EncodePng(picture);
    const auto photo = pipeline_->Detect(file);
    if (!photo || photo->faces().size() != 1) return std::nullopt;
    return photo->faces().front();
  }

  std::unique_ptr<face::Pipeline> pipeline_;
  std::vector<image::Image> pictures_;
  std::vector<face::Face> faces_;
};

TEST_F(AssessmentTest, AMirrorTurnsYawAndRollRound) {
  std::vector<double> roll, yaw, pitch;
  for (std::size_t i = 0; i < faces_.size(); ++i) {
    const auto mirrored = FaceOf(image::Mirror(pictures_[i]));
    if (!mirrored) continue;
    roll.push_back(std::abs(mirrored->pose.roll + faces_[i].pose.roll));
    yaw.push_back(std::abs(mirrored->pose.yaw + faces_[i].pose.yaw));
    pitch.push_back(std::abs(mirrored->pose.pitch - faces_[i].pose.pitch));
  }
  fmt::print("mirrored, {} faces: roll, yaw, pitch differ by {:.1f}, {:.1f}, {:.1f} degrees\n",
             roll.size(), Median(roll), Median(yaw), Median(pitch));
  ASSERT_GE(roll.size(), 60u);
  EXPECT_LT(Median(roll), 3);
  EXPECT_LT(Median(yaw), 5);
  EXPECT_LT(Median(pitch), 4);
}

TEST_F(AssessmentTest, TurningThePictureClockwiseAddsToRoll) {
  for (const double degrees : {-30.0, -15.0, 15.0, 30.0}) {
    std::vector<double> added, yaw;
    for (std::size_t i = 0; i < faces_.size(); ++i) {
      const auto turned = FaceOf(Turned(pictures_[i], degrees));
      if (!turned) continue;
      added.push_back(turned->pose.roll - faces_[i].pose.roll);
      yaw.push_back(std::abs(turned->pose.yaw - faces_[i].pose.yaw));
    }
    ASSERT_GE(added.size(), 60u);
    EXPECT_NEAR(Median(added), degrees, 2);
    EXPECT_LT(Median(yaw), 5);
  }
}

// What the eye sees of a turned head, in the picture's plane: the nose moves to the side that the
// face turns to, and towards the eyes when it turns up.
TEST_F(AssessmentTest, YawAndPitchFollowTheNose) {
  std::vector<double> yaw, aside, pitch, below;
  for (const face::Face& face : faces_) {
    const face::Point &left = face.landmarks[face::kEyeLeft],
                      &right = face.landmarks[face::kEyeRight], &nose = face.landmarks[face::kNose],
                      &mouth = face.landmarks[face::kMouthLeft],
                      &mouth_end = face.landmarks[face::kMouthRight];
    const float eyes_y = (left.y + right.y) / 2, mouth_y = (mouth.y + mouth_end.y) / 2;
    yaw.push_back(face.pose.yaw);
    aside.push_back((nose.x - (left.x + right.x) / 2) / (right.x - left.x));
    pitch.push_back(face.pose.pitch);
    below.push_back((nose.y - eyes_y) / (mouth_y - eyes_y));
  }
  fmt::print(
      "correlation of yaw with the nose's place {:.2f}, of pitch {:.2f}; median pitch {:.1f}\n",
      Correlation(yaw, aside), Correlation(pitch, below), Median(pitch));
  EXPECT_GT(Correlation(yaw, aside), 0.9);
  EXPECT_LT(Correlation(pitch, below), -0.5);
  // Most people look into the camera.
  EXPECT_NEAR(Median(yaw), 0, 5);
  EXPECT_NEAR(Median(pitch), 0, 4);
}

TEST_F(AssessmentTest, DarkeningLowersBrightnessStepByStep) {
  for (std::size_t i = 0; i < 30; ++i) {
    float before = faces_[i].quality.brightness;
    for (const double gain : {0.8, 0.6, 0.4, 0.2}) {
      const auto face = FaceOf(Darkened(pictures_[i], gain));
      if (!face) break;  // too dark to be found
      EXPECT_LT(face->quality.brightness, before);
      EXPECT_NEAR(face->quality.brightness, gain * faces_[i].quality.brightness, 4);
      // A dark face is not a blurred one.
      EXPECT_NEAR(face->quality.sharpness, faces_[i].quality.sharpness, 25);
      before = face->quality.brightness;
    }
  }
}

TEST_F(AssessmentTest, BlurringLowersSharpnessStepByStep) {
  for (std::size_t i = 0; i < 30; ++i) {
    float before = faces_[i].quality.sharpness;
    for (const double factor : {2.0, 3.0, 4.0, 6.0}) {
      const auto face = FaceOf(Blurred(pictures_[i], factor));
      if (!face) break;  // too blurred to be found
      EXPECT_LT(face->quality.sharpness, before);
      EXPECT_NEAR(face->quality.brightness, faces_[i].quality.brightness, 6);
      before = face->quality.sharpness;
    }
  }
}

}  // namespace
}  // namespace candid::accuracy
