#include "candid/eval/template_cache.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

namespace candid::eval {
namespace {

namespace fs = std::filesystem;

class TemplateCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "candid_cache.XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::unique_ptr<TemplateCache> Open(const CacheKey& key = {"model", "bf16", 3, 0}) {
    auto cache = TemplateCache::Open(folder_ / "eval", key);
    EXPECT_TRUE(cache) << cache.error().message();
    return std::move(*cache);
  }
  fs::path File() const { return fs::directory_iterator(folder_ / "eval")->path(); }

  static Digest Picture(std::uint8_t number) { return Sha256(ByteSpan(&number, 1)); }
  static Sample Enrolled(float value) {
    Sample sample;
    sample.outcome = Outcome::kEnrolled;
    sample.faces = 2;
    sample.box = {1, 2, 3, 4};
    sample.eyes[1] = {5, 6};
    sample.pose.yaw = -20;
    sample.quality = {70, 80};
    sample.usefulness = 0.5;
    sample.made = {{value, 0, 1}, {0.125, 2}, 31.5F};
    return sample;
  }

  fs::path folder_;
};

TEST_F(TemplateCacheTest, GivesBackWhatItWasGiven) {
  Sample faceless;
  faceless.outcome = Outcome::kFaceless;
  {
    const auto cache = Open();
    cache->Add(Picture(1), Enrolled(0.25));
    cache->Add(Picture(2), faceless);
    EXPECT_TRUE(cache->written());
  }
  const auto again = Open();
  EXPECT_EQ(again->size(), 2u);
  const Sample* first = again->Find(Picture(1));
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->outcome, Outcome::kEnrolled);
  EXPECT_EQ(first->faces, 2u);
  EXPECT_EQ(first->box.height, 4);
  EXPECT_EQ(first->eyes[1].y, 6);
  EXPECT_EQ(first->pose.yaw, -20);
  EXPECT_EQ(first->quality.sharpness, 80);
  EXPECT_EQ(first->usefulness, 0.5F);
  EXPECT_EQ(first->made, Enrolled(0.25).made);
  ASSERT_NE(again->Find(Picture(2)), nullptr);
  EXPECT_EQ(again->Find(Picture(2))->outcome, Outcome::kFaceless);
  EXPECT_TRUE(again->Find(Picture(2))->made.values.empty());
  EXPECT_EQ(again->Find(Picture(3)), nullptr);
  EXPECT_EQ(fs::status(File()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(TemplateCacheTest, AnotherModelHasAnotherFile) {
  Open()->Add(Picture(1), Enrolled(0));
  for (const CacheKey& key : {CacheKey{"other", "bf16", 3, 0}, CacheKey{"model", "f32", 3, 0},
                              CacheKey{"model", "bf16", 4, 0}, CacheKey{"model", "bf16", 3, 30}}) {
    EXPECT_EQ(Open(key)->size(), 0u) << key.Text();
  }
  EXPECT_EQ(Open()->size(), 1u);
}

TEST_F(TemplateCacheTest, IgnoresAFileThatCarriesAnotherKey) {
  Open()->Add(Picture(1), Enrolled(0));
  std::fstream(File(), std::ios::in | std::ios::out).write("Candid", 6);
  const auto cache = Open();
  EXPECT_EQ(cache->size(), 0u);
  cache->Add(Picture(2), Enrolled(0));
  EXPECT_TRUE(cache->written());
}

TEST_F(TemplateCacheTest, GoesOnAfterARecordCutShort) {
  {
    const auto cache = Open();
    cache->Add(Picture(1), Enrolled(1));
    cache->Add(Picture(2), Enrolled(2));
  }
  fs::resize_file(File(), fs::file_size(File()) - 5);
  {
    const auto cache = Open();
    EXPECT_EQ(cache->size(), 1u);
    cache->Add(Picture(3), Enrolled(3));
  }
  const auto cache = Open();
  EXPECT_EQ(cache->size(), 2u);
  EXPECT_EQ(cache->Find(Picture(3))->made.values[0], 3);
}

TEST_F(TemplateCacheTest, LeavesOutADamagedRecordOnly) {
  {
    const auto cache = Open();
    for (std::uint8_t i = 0; i < 3; ++i) cache->Add(Picture(i), Enrolled(i));
  }
  std::fstream file(File(), std::ios::in | std::ios::out | std::ios::binary);
  const auto size = static_cast<std::streamoff>(fs::file_size(File()));
  file.seekp(size - 20);  // in the last record's template
  file.write("xxxx", 4);
  file.close();
  EXPECT_EQ(Open()->size(), 2u);
}

TEST_F(TemplateCacheTest, ASecondProcessReadsAndDoesNotWrite) {
  const auto first = Open();
  first->Add(Picture(1), Enrolled(1));
  const auto second = Open();
  EXPECT_FALSE(second->written());
  EXPECT_NE(second->Find(Picture(1)), nullptr);
  second->Add(Picture(2), Enrolled(2));
  EXPECT_NE(second->Find(Picture(2)), nullptr);
  EXPECT_EQ(Open()->size(), 1u);
}

TEST_F(TemplateCacheTest, AFullDiskEndsTheWritingAndNothingElse) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  {
    const auto cache = Open();
    cache->Add(Picture(1), Enrolled(1));
    const rlimit small{fs::file_size(File()) + 10, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    cache->Add(Picture(2), Enrolled(2));
    EXPECT_FALSE(cache->written());
    EXPECT_NE(cache->Find(Picture(2)), nullptr);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  }
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(Open()->size(), 1u);
}

}  // namespace
}  // namespace candid::eval
