#include "apps/enroll.h"

#include <gmock/gmock.h>

#include <fstream>

#include "candid/base/ids.h"

namespace candid::apps {
namespace {

class EnrollTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_ / "b" / ".hidden");
    std::filesystem::create_directories(folder_ / "a");
    for (const char* name : {"b/2.jpg", "b/1.jpg", "a/x.y.png", "b/.hidden/3.jpg", "b/.4.jpg"}) {
      std::ofstream(folder_ / name) << "no photo";
    }
    store_ = std::move(*store::Store::Open(folder_ / "state"));
    collections_ = std::make_unique<collections::Collections>(
        *store_, nullptr, collections::ModelIdentity{"pack", "hash", "1.0", 2});
  }
  void TearDown() override {
    collections_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / RandomUuid();
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<collections::Collections> collections_;
};

TEST_F(EnrollTest, ListsFoldersInOrderAndNamesPeopleByThem) {
  const auto files = ListFiles({folder_ / "b", folder_ / "a" / "x.y.png"}, ExternalId::kFolder);
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 3u) << "hidden files are left out";
  EXPECT_EQ(files->at(0).path, folder_ / "b" / "1.jpg");
  EXPECT_EQ(files->at(0).external_id, "b");
  EXPECT_FALSE(files->at(0).named);
  EXPECT_EQ(files->at(2).external_id, "a");
  EXPECT_TRUE(files->at(2).named);
  EXPECT_EQ(ListFiles({folder_ / "a"}, ExternalId::kFile)->at(0).external_id, "x.y");
  EXPECT_EQ(ListFiles({folder_ / "a"}, ExternalId::kNone)->at(0).external_id, "");
  EXPECT_EQ(ListFiles({folder_ / "none"}, ExternalId::kNone).error().code(), Code::kNotFound);
}

TEST_F(EnrollTest, CountsWhatIsNoPhotoAndRefusesItWhereItWasNamed) {
  ASSERT_TRUE(collections_->Create({}, "staff"));
  auto files = *ListFiles({folder_ / "b", folder_ / "a" / "x.y.png"}, ExternalId::kNone);
  const auto report =
      Enroll(*collections_, "staff", files, {2, {}}, [](const EnrollReport&) { return true; });
  ASSERT_TRUE(report);
  EXPECT_EQ(report->done, 3u);
  EXPECT_EQ(report->not_photos, 2u);
  ASSERT_EQ(report->refused.size(), 1u);
  EXPECT_EQ(report->refused[0].first, folder_ / "a" / "x.y.png");
  EXPECT_EQ(report->refused[0].second.code(), Code::kUnsupported);
}

TEST_F(EnrollTest, AFileThatIsGoneIsRefusedAndACollectionThatIsGoneEndsTheWork) {
  ASSERT_TRUE(collections_->Create({}, "staff"));
  const EnrollFile gone{folder_ / "gone.jpg", "", false};
  const auto always = [](const EnrollReport&) { return true; };
  EXPECT_EQ(Enroll(*collections_, "staff", {gone}, {1, {}}, always)->refused.size(), 1u);
  // A PNG's head is enough to be asked for in the collection.
  const auto head = folder_ / "a" / "head.png";
  std::ofstream(head) << "\x89PNG\r\n\x1a\n"
                      << std::string(
                             "\0\0\0\rIHDR\0\0\0\x64\0\0\0\x64"
                             "\x08\x02\0\0\0\xff\x80\x02\x03",
                             25);
  const auto ended = Enroll(*collections_, "nobody", {{head, "", true}}, {1, {}}, always);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code(), Code::kNotFound) << ended.error().message();
}

TEST_F(EnrollTest, AnExternalIdThatTheWireRefusesIsRefusedHere) {
  ASSERT_TRUE(collections_->Create({}, "staff"));
  const std::vector<EnrollFile> files{{folder_ / "b" / "1.jpg", "has space", true}};
  const auto report =
      Enroll(*collections_, "staff", files, {1, {}}, [](const EnrollReport&) { return true; });
  ASSERT_TRUE(report);
  EXPECT_EQ(report->refused.at(0).second.code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace candid::apps
