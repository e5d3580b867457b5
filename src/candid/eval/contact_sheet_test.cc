#include "candid/eval/contact_sheet.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "candid/base/files.h"
#include "candid/image/decode.h"
#include "candid/image/encode.h"

namespace candid::eval {
namespace {

TEST(ContactSheetTest, ShowsTheWorstOfEachKindAndNothingFromElsewhere) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "contact_sheet";
  std::filesystem::create_directories(folder);
  Dataset dataset;
  Enrolment enrolment;
  for (std::uint32_t i = 0; i < 4; ++i) {
    image::Image picture{60, 40, std::vector<std::uint8_t>(60 * 40 * 3, 40)};
    const auto path = folder / fmt::format("{}.png", i);
    ASSERT_TRUE(WriteFileDurably(path, *image::EncodePng(picture)));
    dataset.images.push_back({path, fmt::format("p{}/<{}>.png", i / 2, i), i / 2});
    Sample& sample = enrolment.samples.emplace_back();
    sample.outcome = i == 3 ? Outcome::kFaceless : Outcome::kEnrolled;
    sample.box = {10, 5, 30, 30};
  }
  std::filesystem::remove(folder / "0.png");  // gone since it was enrolled
  Evaluation evaluation;
  evaluation.scores.mated = {{0.9F, 0, 1}, {kNoScore, 2, 3}};
  evaluation.scores.tail = {{0.4F, 1, 2}};
  const std::string html = ContactSheet(dataset, enrolment, evaluation);
  EXPECT_NE(html.find("score 0.4000"), std::string::npos);
  EXPECT_NE(html.find("score 0.9000"), std::string::npos);
  EXPECT_NE(html.find("no face was found"), std::string::npos);
  EXPECT_NE(html.find("p0/&lt;1&gt;.png"), std::string::npos);
  EXPECT_EQ(html.find("<1>"), std::string::npos);
  EXPECT_NE(html.find("<span class=\"none\">"), std::string::npos);
  EXPECT_EQ(html.find("http"), std::string::npos);
  // A face is a JPEG of 128 x 128.
  const std::string mark = "base64,";
  const std::size_t from = html.find(mark) + mark.size();
  const auto jpeg = FromBase64(html.substr(from, html.find('"', from) - from));
  ASSERT_TRUE(jpeg);
  const auto info = image::Sniff(*jpeg, {});
  ASSERT_TRUE(info);
  EXPECT_EQ(info->width, 128);
  EXPECT_EQ(info->format, image::Format::kJpeg);
}

}  // namespace
}  // namespace candid::eval
