#include "candid/collections/selection.h"

#include <gmock/gmock.h>

namespace candid::collections {
namespace {

using testing::ElementsAre;

face::Face MakeFace(float side, float usefulness) {
  face::Face face;
  face.box = {0, 0, side, side};
  face.confidence = 0.99f;
  face.quality = {60, 60};
  face.usefulness = usefulness;
  return face;
}

TEST(Selection, TheLeastUsefulGoFirstThenTheSmallest) {
  const std::vector<face::Face> faces{MakeFace(200, 0.5f), MakeFace(150, 0.9f),
                                      MakeFace(100, 0.5f)};
  const Selection two = Select(faces, QualityFilter::kNone, 2);
  EXPECT_THAT(two.chosen, ElementsAre(0, 1));
  ASSERT_EQ(two.refused.size(), 1u);
  EXPECT_EQ(two.refused[0].face, 2u);
  EXPECT_THAT(two.refused[0].reasons, ElementsAre(Reason::kExceedsMaxFaces));
  EXPECT_THAT(Select(faces, QualityFilter::kNone, 1).chosen, ElementsAre(1));
}

TEST(Selection, NamesEveryCause) {
  face::Face bad = MakeFace(25, 0.05f);
  bad.pose.yaw = -80;
  bad.quality.brightness = 5;
  const std::vector<face::Face> faces{MakeFace(90, 0.05f), bad};
  const Selection none = Select(faces, QualityFilter::kAuto, {});
  ASSERT_EQ(none.refused.size(), 2u);
  EXPECT_THAT(none.refused[0].reasons, ElementsAre(Reason::kLowFaceQuality));
  EXPECT_THAT(none.refused[1].reasons,
              ElementsAre(Reason::kExtremePose, Reason::kLowBrightness, Reason::kSmallBoundingBox));
  EXPECT_EQ(Select(faces, QualityFilter::kNone, {}).chosen.size(), 2u);
}

TEST(Selection, StricterFiltersKeepFewer) {
  std::vector<face::Face> faces;
  for (int i = 0; i <= 10; ++i) faces.push_back(MakeFace(90, static_cast<float>(i) / 10));
  std::size_t before = faces.size() + 1;
  for (const QualityFilter filter :
       {QualityFilter::kNone, QualityFilter::kLow, QualityFilter::kAuto, QualityFilter::kMedium,
        QualityFilter::kHigh}) {
    const std::size_t kept = Select(faces, filter, {}).chosen.size();
    EXPECT_LT(kept, before);
    before = kept;
  }
}

TEST(Selection, FractionsOfThePicture) {
  EXPECT_EQ(FractionsOf({-10, 50, 100, 100}, {200, 400}), (Region{-0.05f, 0.125f, 0.5f, 0.25f}));
}

}  // namespace
}  // namespace candid::collections
