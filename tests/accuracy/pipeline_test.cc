// One pipeline under many threads.

#include "candid/face/pipeline.h"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <thread>

#include "candid/base/files.h"
#include "faces.h"

namespace candid::accuracy {
namespace {

class PipelineTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto images = LfwImages(600);
    if (images.empty()) GTEST_SKIP() << "no ../shared/data/lfw-dev: nothing to embed";
    const auto pack = DefaultPack();
    if (!pack) GTEST_SKIP() << "no converted models: " << pack.error().message();
    auto made = face::Pipeline::Create(*pack);
    ASSERT_TRUE(made) << made.error().message();
    pipeline_ = *std::move(made);
    for (const auto& path : images) files_.push_back(*ReadFile(path, 1 << 20));
  }

  face::Photo Detect(const Bytes& file, const face::AttributeSet& wanted = {}) const {
    const auto photo = pipeline_->Detect(file, wanted);
    EXPECT_TRUE(photo) << photo.error().message();
    return *photo;
  }

  std::vector<face::Template> TemplatesOf(const face::Photo& photo) const {
    std::vector<std::size_t> all(photo.faces().size());
    std::iota(all.begin(), all.end(), 0);
    const auto templates = pipeline_->Embed(photo, all);
    EXPECT_TRUE(templates) << templates.error().message();
    for (const double seconds : photo.timings()) EXPECT_GT(seconds, 0);
    return *templates;
  }

  std::unique_ptr<face::Pipeline> pipeline_;
  std::vector<Bytes> files_;
};

double EmbedSeconds(const face::Photo& photo) {
  return photo.timings()[static_cast<std::size_t>(face::Stage::kEmbed)];
}

// Describing takes the embedders' sights; the template is then made of them.
TEST_F(PipelineTest, EachEmbedderLooksOnce) {
  const face::Photo plain = Detect(files_.front());
  const face::Photo described = Detect(files_.front(), face::AttributeSet::All());
  ASSERT_EQ(described.faces().size(), plain.faces().size());
  EXPECT_EQ(TemplatesOf(described), TemplatesOf(plain));
  EXPECT_LT(EmbedSeconds(described), EmbedSeconds(plain) / 2);
}

TEST_F(PipelineTest, EveryThreadGetsTheSameTemplates) {
  std::vector<std::vector<face::Template>> alone;
  for (const Bytes& file : files_) alone.push_back(TemplatesOf(Detect(file)));
  std::vector<std::thread> threads;
  for (std::size_t first = 0; first < 4; ++first) {
    threads.emplace_back([&, first] {
      for (std::size_t i = 0; i < files_.size(); ++i) {
        const std::size_t index = (first + i) % files_.size();
        EXPECT_EQ(TemplatesOf(Detect(files_[index])), alone[index]);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace candid::accuracy
