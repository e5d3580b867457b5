#include "candid/ops/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace candid::ops {
namespace {

using testing::HasSubstr;

TEST(Metrics, RendersWhatWasCounted) {
  Metrics metrics;
  metrics.CountRequest("ListFaces", "ok", 0.002);
  metrics.CountRequest("ListFaces", "ok", 0.002);
  metrics.ObserveStage("detect", 0.02);
  metrics.ObserveStage("detect", 0.02);
  metrics.CountFaces("found", 3);
  metrics.CountRefusal("ThrottlingException");
  double queue = 5;
  metrics.AddGauge("candid_queue", "Requests waiting", [&] { return queue; });
  const std::string page = metrics.Render();
  EXPECT_THAT(page, HasSubstr("candid_requests_total{operation=\"ListFaces\",outcome=\"ok\"} 2"));
  EXPECT_THAT(page, HasSubstr("candid_detect_seconds_count 2"));
  EXPECT_THAT(page, HasSubstr("candid_faces_total{kind=\"found\"} 3"));
  EXPECT_THAT(page, HasSubstr("candid_refusals_total{outcome=\"ThrottlingException\"} 1"));
  EXPECT_THAT(page, HasSubstr("candid_queue 5"));
  queue = 6;
  EXPECT_THAT(metrics.Render(), HasSubstr("candid_queue 6"));
}

}  // namespace
}  // namespace candid::ops
