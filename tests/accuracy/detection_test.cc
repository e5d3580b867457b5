// Recall against face size: faces of a known size pasted into a picture of 1280 x 960.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "candid/base/files.h"
#include "candid/image/encode.h"
#include "candid/image/resample.h"
#include "faces.h"

namespace candid::accuracy {
namespace {

constexpr int kWidth = 1280;
constexpr int kHeight = 960;
constexpr std::size_t kFacesPerSize = 120;
// A picture shows fewer than the 100 faces that an answer may hold.
constexpr std::size_t kFacesPerMosaic = 60;
constexpr double kTileScale = 2.2;  // of a face's box, so that each keeps its surroundings

// The picture around a face, `side` pixels square, the face's box `face_px` high or wide.
image::Image Tile(const image::Image& picture, const face::Box& box, double face_px, int side) {
  const double scale = std::max(box.width, box.height) / face_px;
  const double left = box.left + box.width / 2 - scale * side / 2;
  const double top = box.top + box.height / 2 - scale * side / 2;
  return image::Warp(picture, {scale, 0, left, 0, scale, top}, side, side);
}

void Paste(const image::Image& tile, int left, int top, image::Image* canvas) {
  for (int y = 0; y < tile.height; ++y) {
    std::copy_n(tile.row(y), tile.width * 3, canvas->row(top + y) + left * 3);
  }
}

class DetectionTest : public testing::Test {
 protected:
  void SetUp() override {
    // The detector's constants were chosen on the images 0, 29, 58, ...: these are others.
    images_ = LfwImages(29, 14);
    if (images_.empty()) GTEST_SKIP() << "no ../shared/data/lfw-dev: recall not measured";
    auto pack = DefaultPack();
    if (!pack) GTEST_SKIP() << "no converted models: " << pack.error().message();
    auto pipeline = face::Pipeline::Create(*pack);
    ASSERT_TRUE(pipeline) << pipeline.error().message();
    pipeline_ = *std::move(pipeline);
  }

  // Share of `face_px` faces found; false detections are counted too.
  double Recall(int face_px, std::size_t* extra) {
    const int side = static_cast<int>(std::lround(face_px * kTileScale));
    const int columns = kWidth / side, rows = kHeight / side;
    std::size_t pasted = 0, found = 0, next = 0;
    while (pasted < kFacesPerSize && next < images_.size()) {
      image::Image canvas{kWidth, kHeight,
                          Bytes(std::size_t{kWidth} * std::size_t{kHeight} * 3, 96)};
      std::vector<face::Point> centres;
      for (int cell = 0; cell < columns * rows && pasted + centres.size() < kFacesPerSize; ++cell) {
        if (next == images_.size() || centres.size() == kFacesPerMosaic) break;
        const Bytes file = *ReadFile(images_[next++], 1 << 20);
        const auto photo = pipeline_->Detect(file);
        if (!photo || photo->faces().empty()) continue;
        const image::Image picture = *image::Source::Open(file)->Decode();
        const int left = cell % columns * side, top = cell / columns * side;
        Paste(Tile(picture, photo->faces().front().box, face_px, side), left, top, &canvas);
        centres.push_back(
            {static_cast<float>(left + side / 2), static_cast<float>(top + side / 2)});
      }
      const Bytes mosaic = *image::EncodeJpeg(canvas, 95);
      const auto photo = pipeline_->Detect(mosaic);
      EXPECT_TRUE(photo) << photo.error().message();
      std::size_t hits = 0;
      for (const auto& [x, y] : centres) {
        hits += std::any_of(photo->faces().begin(), photo->faces().end(), [&](const auto& one) {
          return one.box.left < x && x < one.box.left + one.box.width && one.box.top < y &&
                 y < one.box.top + one.box.height;
        });
      }
      found += hits;
      pasted += centres.size();
      *extra += photo->faces().size() - std::min(hits, photo->faces().size());
    }
    return static_cast<double>(found) / static_cast<double>(pasted);
  }

  std::vector<std::filesystem::path> images_;
  std::unique_ptr<face::Pipeline> pipeline_;
};

TEST_F(DetectionTest, FindsFacesFromTwentyPixelsUp) {
  for (const int face_px : {20, 24, 32, 48, 64, 96, 128}) {
    std::size_t extra = 0;
    const double recall = Recall(face_px, &extra);
    fmt::print("faces of {:3} px: recall {:.3f}, other detections {}\n", face_px, recall, extra);
    EXPECT_GE(recall, 0.95) << face_px << " px";
  }
}

}  // namespace
}  // namespace candid::accuracy
