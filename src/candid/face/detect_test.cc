#include "candid/face/detect.h"

#include <gtest/gtest.h>

namespace candid::face {
namespace {

TEST(PlanDetection, LooksOnceWhereThatShowsEverything) {
  EXPECT_EQ(PlanDetection(250, 250, 20).second_width, 0);
  EXPECT_EQ(PlanDetection(1, 1, 20).second_width, 0);
}

TEST(PlanDetection, LooksAgainAtThePicturesOwnAspect) {
  const DetectPlan plan = PlanDetection(1280, 960, 20);
  EXPECT_EQ(plan.second_width % 64, 0);
  EXPECT_EQ(plan.second_height % 64, 0);
  // A face of 20 pixels must keep 12 of them.
  EXPECT_GE(plan.second_width * 20 / 1280, 12);
  EXPECT_GE(plan.second_height * 20 / 960, 12);
}

TEST(PlanDetection, IsBoundedForAnyPicture) {
  const DetectPlan plan = PlanDetection(30000, 3000, 20);
  EXPECT_LE(plan.second_width, 1536);
  EXPECT_LE(plan.second_height, 192);
}

}  // namespace
}  // namespace candid::face
