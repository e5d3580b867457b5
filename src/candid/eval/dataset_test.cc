#include "candid/eval/dataset.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace candid::eval {
namespace {

namespace fs = std::filesystem;

class DatasetTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "candid_dataset.XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Touch(const std::string& name) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << "x";
  }

  fs::path folder_;
};

TEST_F(DatasetTest, ListsPicturesOfSubjectsInOrder) {
  for (const char* name : {"b/2.JPG", "b/1.png", "a/9.jpeg", "a/notes.txt", "empty/readme.md",
                           ".hidden/1.jpg", "a/.x.jpg", "loose.jpg"}) {
    Touch(name);
  }
  const auto dataset = ListDataset(folder_);
  ASSERT_TRUE(dataset);
  ASSERT_EQ(dataset->images.size(), 3u);
  EXPECT_EQ(dataset->subjects, 2u);
  EXPECT_EQ(dataset->images[0].path, folder_ / "a/9.jpeg");
  EXPECT_EQ(dataset->images[1].path, folder_ / "b/1.png");
  EXPECT_EQ(dataset->images[2].path, folder_ / "b/2.JPG");
  EXPECT_EQ(dataset->images[0].subject, 0u);
  EXPECT_EQ(dataset->images[2].subject, 1u);
}

TEST_F(DatasetTest, PrefersTheFolderNamedImages) {
  Touch("images/a/1.jpg");
  Touch("other/2.jpg");
  const auto dataset = ListDataset(folder_);
  ASSERT_TRUE(dataset);
  ASSERT_EQ(dataset->images.size(), 1u);
  EXPECT_EQ(dataset->images[0].path, folder_ / "images/a/1.jpg");
}

TEST_F(DatasetTest, SaysWhatIsMissing) {
  EXPECT_EQ(ListDataset(folder_ / "nowhere").error().code(), Code::kNotFound);
  const auto empty = ListDataset(folder_);
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code(), Code::kNotFound);
  EXPECT_NE(empty.error().message().find("<subject>"), std::string::npos);
}

}  // namespace
}  // namespace candid::eval
