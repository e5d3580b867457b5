// Faces that are hard to find for where they are, and places where there is none.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "candid/base/files.h"
#include "candid/image/encode.h"
#include "candid/image/resample.h"
#include "faces.h"

namespace candid::accuracy {
namespace {

struct Portrait {
  image::Image picture;
  face::Box box;
};

bool Covers(const face::Box& box, float x, float y) {
  return box.left < x && x < box.left + box.width && box.top < y && y < box.top + box.height;
}

image::Image CutOut(const image::Image& picture, int left, int top, int width, int height) {
  return image::Warp(picture, {1, 0, double(left), 0, 1, double(top)}, width, height);
}

class BorderTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto paths = LfwImages(130, 20);
    if (paths.empty()) GTEST_SKIP() << "no ../shared/data/lfw-dev: nothing to find";
    auto pack = DefaultPack();
    if (!pack) GTEST_SKIP() << "no converted models: " << pack.error().message();
    pipeline_ = *face::Pipeline::Create(*pack);
    for (const auto& path : paths) {
      const Bytes file = *ReadFile(path, 1 << 20);
      const auto photo = pipeline_->Detect(file);
      if (!photo || photo->faces().size() != 1) continue;
      portraits_.push_back({*image::Source::Open(file)->Decode(), photo->faces()[0].box});
    }
    ASSERT_GE(portraits_.size(), 30u);
  }

  std::vector<face::Face> Find(const image::Image& picture) const {
    const Bytes file = *image::EncodePng(picture);
    const auto photo = pipeline_->Detect(file);
    EXPECT_TRUE(photo) << photo.error().message();
    return photo ? photo->faces() : std::vector<face::Face>();
  }

  std::unique_ptr<face::Pipeline> pipeline_;
  std::vector<Portrait> portraits_;
};

TEST_F(BorderTest, FindsFacesThatTheBorderCuts) {
  for (const double outside : {0.1, 0.25, 0.4}) {
    std::size_t found = 0, asked = 0, beyond = 0;
    for (const auto& [picture, box] : portraits_) {
      const int across = static_cast<int>(box.width * outside);
      const int down = static_cast<int>(box.height * outside);
      const int left = static_cast<int>(box.left), top = static_cast<int>(box.top);
      const int right = left + static_cast<int>(box.width);
      const int bottom = top + static_cast<int>(box.height);
      const image::Rect kept[] = {{left + across, 0, picture.width - left - across, picture.height},
                                  {0, 0, right - across, picture.height},
                                  {0, top + down, picture.width, picture.height - top - down},
                                  {0, 0, picture.width, bottom - down}};
      for (const image::Rect& part : kept) {
        const auto faces = Find(CutOut(picture, part.x, part.y, part.width, part.height));
        const float x = box.left + box.width / 2 - static_cast<float>(part.x);
        const float y = box.top + box.height / 2 - static_cast<float>(part.y);
        const auto face = std::find_if(faces.begin(), faces.end(),
                                       [&](const auto& one) { return Covers(one.box, x, y); });
        ++asked;
        if (face == faces.end()) continue;
        ++found;
        beyond += face->box.left < 0 || face->box.top < 0 ||
                  face->box.left + face->box.width > static_cast<float>(part.width) ||
                  face->box.top + face->box.height > static_cast<float>(part.height);
      }
    }
    const double recall = static_cast<double>(found) / static_cast<double>(asked);
    fmt::print("{:2.0f} % of the face outside: {} of {} found ({:.3f}); {} boxes reach beyond\n",
               100 * outside, found, asked, recall, beyond);
    EXPECT_GE(recall, outside < 0.3 ? 0.97 : 0.7);
    EXPECT_GT(beyond, found / 2);
  }
}

TEST_F(BorderTest, FindsNothingWhereNothingIs) {
  std::mt19937 random(1);
  image::Image noise{320, 240, Bytes(std::size_t{320} * 240 * 3)};
  image::Image ramp = noise, squares = noise;
  for (std::size_t i = 0; i < noise.rgb.size(); ++i) {
    const std::size_t x = i / 3 % 320, y = i / 960;
    noise.rgb[i] = static_cast<std::uint8_t>(random());
    ramp.rgb[i] = static_cast<std::uint8_t>((x + y) / 3);
    squares.rgb[i] = (x / 16 + y / 16) % 2 == 0 ? 250 : 5;
  }
  for (const image::Image& picture : {noise, ramp, squares}) EXPECT_TRUE(Find(picture).empty());

  // Photos whose face is hidden under grey: hair, shoulders and backgrounds remain.
  std::size_t seen = 0;
  for (const auto& [picture, box] : portraits_) {
    image::Image hidden = picture;
    const int left = std::max(0, static_cast<int>(box.left)),
              top = std::max(0, static_cast<int>(box.top));
    for (int y = top; y < std::min(hidden.height, top + static_cast<int>(box.height)); ++y) {
      const int right = std::min(hidden.width, left + static_cast<int>(box.width));
      std::fill(hidden.row(y) + left * 3, hidden.row(y) + right * 3, std::uint8_t{128});
    }
    seen += Find(hidden).empty() ? 0 : 1;
  }
  fmt::print("faces seen in {} of {} photos without one\n", seen, portraits_.size());
  EXPECT_LE(seen, portraits_.size() / 10);
}

TEST_F(BorderTest, KeepsTheHundredLargest) {
  // 24 faces of 70 pixels among 120 of 34.
  constexpr int kLarge = 24, kSmall = 120, kCell = 80, kWidth = 1600;
  image::Image crowd{kWidth, 960, Bytes(std::size_t{kWidth} * 960 * 3, 96)};
  std::vector<face::Point> large_centres;
  for (int i = 0; i < kLarge + kSmall; ++i) {
    const auto& [picture, box] = portraits_[static_cast<std::size_t>(i) % portraits_.size()];
    const double scale = box.height / (i < kLarge ? 70 : 34);
    const double left = box.left + box.width / 2 - scale * kCell / 2;
    const double top = box.top + box.height / 2 - scale * kCell / 2;
    const image::Image tile =
        image::Warp(picture, {scale, 0, left, 0, scale, top}, kCell, kCell, 96);
    // The large ones in between the small ones.
    const int place = i * 37 % 240;
    if (i < kLarge) {
      large_centres.push_back({(static_cast<float>(place % 20) + 0.5f) * kCell,
                               (static_cast<float>(place / 20) + 0.5f) * kCell});
    }
    for (int y = 0; y < kCell; ++y) {
      std::copy_n(tile.row(y), kCell * 3,
                  crowd.row(place / 20 * kCell + y) + place % 20 * kCell * 3);
    }
  }
  const auto faces = Find(crowd);
  ASSERT_EQ(faces.size(), 100u);
  EXPECT_TRUE(std::is_sorted(faces.begin(), faces.end(), [](const auto& a, const auto& b) {
    return a.box.area() > b.box.area();
  }));
  std::size_t large = 0;
  for (const auto& [x, y] : large_centres) {
    large += std::any_of(faces.begin(), faces.end(), [&](const face::Face& one) {
      return one.box.height > 55 && Covers(one.box, x, y);
    });
  }
  EXPECT_GE(large, large_centres.size() - 1);
}

}  // namespace
}  // namespace candid::accuracy
