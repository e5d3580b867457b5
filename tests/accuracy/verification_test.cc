// A part of lfw-dev through the pipeline and the protocol of `candid eval`: small enough for every
// run of ./check, large enough that a wrong landmark, chip or channel order shows.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "candid/eval/enrolment.h"
#include "faces.h"

namespace candid::accuracy {
namespace {

constexpr std::uint32_t kEverySubject = 8;
// So that no one person makes most of the mated pairs.
constexpr std::size_t kImagesPerSubject = 4;

eval::Dataset Part(const eval::Dataset& whole) {
  eval::Dataset part;
  std::size_t of_subject = 0;
  std::uint32_t last = whole.subjects;
  for (const eval::LabelledImage& image : whole.images) {
    of_subject = image.subject == last ? of_subject + 1 : 0;
    last = image.subject;
    if (image.subject % kEverySubject != 0 || of_subject >= kImagesPerSubject) continue;
    part.images.push_back({image.path, image.name, image.subject / kEverySubject});
  }
  part.subjects = (whole.subjects + kEverySubject - 1) / kEverySubject;
  return part;
}

TEST(VerificationAccuracyTest, TellsPeopleApart) {
  const auto whole = eval::ListDataset(LfwFolder());
  if (!whole) GTEST_SKIP() << "no ../shared/data/lfw-dev: accuracy not measured";
  const auto pack = DefaultPack();
  if (!pack) GTEST_SKIP() << "no converted models: " << pack.error().message();
  const auto pipeline = face::Pipeline::Create(*pack);
  ASSERT_TRUE(pipeline) << pipeline.error().message();
  const eval::Dataset part = Part(*whole);
  const auto enrolment =
      eval::EnrolAll(**pipeline, part, {std::thread::hardware_concurrency(), 0, nullptr},
                     [](std::size_t) { return true; });
  ASSERT_TRUE(enrolment) << enrolment.error().message();
  const auto scores = eval::ScoreAllPairs(enrolment->view());
  ASSERT_TRUE(scores) << scores.error().message();
  eval::VerificationOptions options;
  options.fmrs = {1e-3};
  const auto report =
      eval::Verify({&*scores, enrolment->subjects, enrolment->failed, {}, {}}, options);
  ASSERT_TRUE(report) << report.error().message();
  const eval::OperatingPoint& point = report->points.front();
  fmt::print(
      "{} images, {} mated pairs, {} without a face; TAR at FMR 1e-3 (cosine {:.3f}): "
      "{:.4f} by pairs, {:.4f} by subject\n",
      part.images.size(), report->mated_pairs, enrolment->faceless, point.threshold.value,
      1 - point.fnmr.value, 1 - point.fnmr_by_subject.value);
  EXPECT_EQ(enrolment->undecodable, 0u);
  EXPECT_LE(enrolment->faceless, 1u);
  EXPECT_LE(point.fnmr.value, 0.02);
  EXPECT_LE(point.fnmr_by_subject.value, 0.02);
}

}  // namespace
}  // namespace candid::accuracy
