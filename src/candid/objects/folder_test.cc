#include "candid/objects/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "candid/base/ids.h"

namespace candid::objects {
namespace {

using testing::HasSubstr;
using testing::Not;

class FolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(bucket_ / "a/b");
    Write(bucket_ / "top", "top");
    Write(bucket_ / "a/b/deep", "deep");
    Write(outside_, "secret");
    folder_ = Folder::Open(bucket_).value();
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  static void Write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  Result<Bytes> Read(const std::string& key, const std::string& version = {}) const {
    return folder_->Read({"bucket", key, version}, 10);
  }
  std::string TextOf(const std::string& key) const {
    const auto bytes = Read(key);
    return bytes ? std::string(AsText(*bytes)) : "refused: " + bytes.error().message();
  }
  Code CodeOf(const std::string& key) const {
    const auto bytes = Read(key);
    EXPECT_FALSE(bytes) << key;
    return bytes ? Code::kInternal : bytes.error().code();
  }

  const std::filesystem::path root_ =
      std::filesystem::temp_directory_path() / ("candid_folder_" + RandomUuid());
  const std::filesystem::path bucket_ = root_ / "bucket";
  const std::filesystem::path outside_ = root_ / "outside";
  std::unique_ptr<Folder> folder_;
};

TEST_F(FolderTest, ReadsFilesBelow) {
  EXPECT_EQ(TextOf("top"), "top");
  EXPECT_EQ(TextOf("a/b/deep"), "deep");
  Write(bucket_ / "empty", "");
  EXPECT_EQ(TextOf("empty"), "");
  Write(bucket_ / "no \xff\n name", "x");
  EXPECT_EQ(TextOf("no \xff\n name"), "x");
}

TEST_F(FolderTest, NoNameLeadsOut) {
  const std::string absolute = outside_.string();
  for (const std::string& key :
       {std::string("../outside"), std::string("a/../../outside"), std::string("./top"),
        std::string("a/./b/deep"), std::string(".."), std::string("."), std::string("/"), absolute,
        "/" + absolute, std::string("a//b/deep"), std::string("top/"), std::string("a/b/.."),
        std::string("top\0/x", 6), std::string("\0", 1), std::string()}) {
    EXPECT_EQ(CodeOf(key), Code::kInvalidArgument) << key;
  }
  for (const std::string& key :
       {std::string("..\\outside"), std::string("%2e%2e/outside"), std::string("..;/outside"),
        std::string(300, 'a'), std::string("top/x"), std::string("none")}) {
    EXPECT_EQ(CodeOf(key), Code::kNotFound) << key;
  }
}

TEST_F(FolderTest, FollowsNoLink) {
  std::filesystem::create_symlink(outside_, bucket_ / "link");
  std::filesystem::create_symlink(bucket_ / "top", bucket_ / "inner");
  std::filesystem::create_directory_symlink(root_, bucket_ / "up");
  EXPECT_EQ(CodeOf("link"), Code::kDenied);
  EXPECT_EQ(CodeOf("inner"), Code::kDenied);
  EXPECT_EQ(CodeOf("up/outside"), Code::kNotFound);
}

TEST_F(FolderTest, ReadsRegularFilesOnly) {
  EXPECT_EQ(CodeOf("a"), Code::kDenied);
  ASSERT_EQ(::mkfifo((bucket_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(CodeOf("pipe"), Code::kDenied);  // and does not wait for a writer
}

TEST_F(FolderTest, HoldsTheLimit) {
  Write(bucket_ / "ten", "0123456789");
  EXPECT_EQ(TextOf("ten"), "0123456789");
  Write(bucket_ / "eleven", "0123456789a");
  EXPECT_EQ(CodeOf("eleven"), Code::kTooLarge);
}

TEST_F(FolderTest, KeepsNoVersions) {
  EXPECT_TRUE(Read("top", "null"));
  EXPECT_EQ(Read("top", "3").error().code(), Code::kNotFound);
}

TEST_F(FolderTest, NeverSaysTheName) {
  EXPECT_THAT(Read("jane_doe").error().message(), Not(HasSubstr("jane")));
  EXPECT_THAT(Read("../jane_doe").error().message(), Not(HasSubstr("jane")));
}

// A link put in a folder's place while names are resolved.
TEST_F(FolderTest, NoRaceLeadsOut) {
  std::filesystem::create_directory(root_ / "b");
  Write(root_ / "b/deep", "secret");
  std::atomic<bool> stop = false;
  std::thread swapping([&] {
    while (!stop) {
      std::error_code ignored;
      std::filesystem::rename(bucket_ / "a/b", bucket_ / "a/c", ignored);
      std::filesystem::create_directory_symlink(root_ / "b", bucket_ / "a/b", ignored);
      std::filesystem::remove(bucket_ / "a/b", ignored);
      std::filesystem::rename(bucket_ / "a/c", bucket_ / "a/b", ignored);
    }
  });
  for (int i = 0; i < 2000; ++i) {
    const auto bytes = Read("a/b/deep");
    EXPECT_EQ(bytes ? AsText(*bytes) : "deep", "deep");
  }
  stop = true;
  swapping.join();
}

TEST(Folder, IsThere) {
  EXPECT_EQ(Folder::Open("/nowhere/at/all").error().code(), Code::kNotFound);
  EXPECT_EQ(Folder::Open("/etc/passwd").error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace candid::objects
