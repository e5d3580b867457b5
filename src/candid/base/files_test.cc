#include "candid/base/files.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace candid {
namespace {

class FilesTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "candid_files_test";
};

TEST_F(FilesTest, WritesAndReadsBack) {
  ASSERT_TRUE(WriteFileDurably(folder_ / "a", AsBytes("one")));
  ASSERT_TRUE(WriteFileDurably(folder_ / "a", AsBytes("two"), FileMode::kSecret));
  EXPECT_EQ(AsText(*ReadFile(folder_ / "a", 3)), "two");
  const auto permissions = std::filesystem::status(folder_ / "a").permissions();
  EXPECT_EQ(static_cast<unsigned>(permissions) & 0777, 0600u);
  // Nothing is left beside it.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(FilesTest, NamesWhatIsWrong) {
  const auto missing = ReadFile(folder_ / "none", 10);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Code::kNotFound);
  EXPECT_NE(missing.error().message().find("none"), std::string::npos);
  ASSERT_TRUE(WriteFileDurably(folder_ / "big", AsBytes("12345678901")));
  EXPECT_EQ(ReadFile(folder_ / "big", 10).error().code(), Code::kTooLarge);
  EXPECT_EQ(ReadFile(folder_, 10).error().code(), Code::kIo);
  EXPECT_EQ(WriteFileDurably(folder_ / "no" / "x", AsBytes("1")).error().code(), Code::kNotFound);
}

TEST_F(FilesTest, BoundsFilesWithoutASize) {
  EXPECT_EQ(ReadFile("/dev/zero", 10000).error().code(), Code::kTooLarge);
}

}  // namespace
}  // namespace candid
