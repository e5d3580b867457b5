// One pipeline under many threads.

#include "candid/face/pipeline.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "candid/base/files.h"
#include "faces.h"

namespace candid::accuracy {
namespace {

std::vector<face::Template> TemplatesOf(const face::Pipeline& pipeline, const Bytes& file) {
  const auto photo = pipeline.Detect(file);
  EXPECT_TRUE(photo) << photo.error().message();
  std::vector<std::size_t> all(photo->faces().size());
  std::iota(all.begin(), all.end(), 0);
  const auto templates = pipeline.Embed(*photo, all);
  EXPECT_TRUE(templates) << templates.error().message();
  for (const double seconds : photo->timings()) EXPECT_GT(seconds, 0);
  return *templates;
}

double EmbedSeconds(const face::Photo& photo) {
  return photo.timings()[static_cast<std::size_t>(face::Stage::kEmbed)];
}

// Describing takes the embedders' sights; the template is then made of them.
TEST(PipelineTest, EachEmbedderLooksOnce) {
  const auto images = LfwImages(600);
  if (images.empty()) GTEST_SKIP() << "no ../shared/data/lfw-dev: nothing to embed";
  const auto pack = DefaultPack();
  if (!pack) GTEST_SKIP() << "no converted models: " << pack.error().message();
  const auto pipeline = face::Pipeline::Create(*pack);
  ASSERT_TRUE(pipeline) << pipeline.error().message();
  const Bytes file = *ReadFile(images.front(), 1 << 20);
  const auto plain = (*pipeline)->Detect(file);
  const auto described = (*pipeline)->Detect(file, face::AttributeSet::All());
  ASSERT_TRUE(plain && described);
  ASSERT_EQ(described->faces().size(), plain->faces().size());
  std::vector<std::size_t> all(plain->faces().size());
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(*(*pipeline)->Embed(*described, all), *(*pipeline)->Embed(*plain, all));
  EXPECT_LT(EmbedSeconds(*described), EmbedSeconds(*plain) / 2);
}

TEST(PipelineTest, EveryThreadGetsTheSameTemplates) {
  const auto images = LfwImages(600);
  if (images.empty()) GTEST_SKIP() << "no ../shared/data/lfw-dev: nothing to embed";
  const auto pack = DefaultPack();
  if (!pack) GTEST_SKIP() << "no converted models: " << pack.error().message();
  const auto pipeline = face::Pipeline::Create(*pack);
  ASSERT_TRUE(pipeline) << pipeline.error().message();
  std::vector<Bytes> files;
  std::vector<std::vector<face::Template>> alone;
  for (const auto& path : images) {
    files.push_back(*ReadFile(path, 1 << 20));
    alone.push_back(TemplatesOf(**pipeline, files.back()));
  }
  std::vector<std::thread> threads;
  for (std::size_t first = 0; first < 4; ++first) {
    threads.emplace_back([&, first] {
      for (std::size_t i = 0; i < files.size(); ++i) {
        const std::size_t index = (first + i) % files.size();
        EXPECT_EQ(TemplatesOf(**pipeline, files[index]), alone[index]);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace candid::accuracy
