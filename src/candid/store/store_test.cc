#include "candid/store/store.h"

#include <gtest/gtest.h>

#include <fstream>

#include "candid/base/ids.h"

namespace candid::store {
namespace {

class StoreTest : public testing::Test {
 protected:
  void SetUp() override { Open(); }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Open() {
    store_.reset();
    store_ = std::move(*Store::Open(folder_));
  }
  void Create(const std::string& id) {
    ASSERT_TRUE(store_->CreateCollection({id, {}, {"pack", "hash", "1.0", 2}, Keep::kNone, 0}, {}));
  }
  Result<std::vector<RecordedFace>> Record(const std::string& collection,
                                           std::vector<float> lefts) {
    std::vector<NewFace> faces;
    for (const float left : lefts) {
      faces.push_back({RandomUuid(), {left, 0, 0.1f, 0.1f}, 1, 1, {left, 1}, {}, {}});
    }
    return store_->RecordImage(collection, "hash", {"image", "x", {}, 100, 100, {}}, faces, 1000,
                               {});
  }
  std::size_t Templates(const std::string& collection) {
    std::size_t count = 0;
    EXPECT_TRUE(store_->ReadTemplates(collection, [&](const TemplateBlock& block) -> Status {
      count += block.rows.size();
      EXPECT_EQ(block.vectors.size(), block.rows.size() * 2);
      return {};
    }));
    return count;
  }

  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / RandomUuid();
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, RemembersAfterReopening) {
  Create("a");
  ASSERT_TRUE(Record("a", {0.1f, 0.5f}));
  Open();
  EXPECT_EQ(store_->FindCollection("a")->face_count, 2u);
  EXPECT_EQ(Templates("a"), 2u);
}

TEST_F(StoreTest, TheSameFaceOfTheSameImageIsStoredOnce) {
  Create("a");
  const auto first = Record("a", {0.1f, 0.5f});
  const auto again = Record("a", {0.5f, 0.11f, 0.8f});
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)[0].face.face_id, (*first)[1].face.face_id);
  EXPECT_EQ((*again)[1].face.face_id, (*first)[0].face.face_id);
  EXPECT_FALSE((*again)[1].is_new);
  EXPECT_TRUE((*again)[2].is_new);
  EXPECT_EQ(Templates("a"), 3u);
}

TEST_F(StoreTest, DeletesFacesAndNeverReusesTheirRows) {
  Create("a");
  const auto first = Record("a", {0.1f});
  const auto gone = store_->DeleteFaces("a", {(*first)[0].face.face_id, "none"}, {});
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->size(), 1u);
  EXPECT_EQ(Templates("a"), 0u);
  EXPECT_GT((*Record("a", {0.1f}))[0].face.row, (*first)[0].face.row);
}

TEST_F(StoreTest, KeepsCollectionsApart) {
  Create("a");
  Create("b");
  EXPECT_EQ(store_->CreateCollection({"a", {}, {}, {}, 0}, {}).error().code(),
            Code::kAlreadyExists);
  ASSERT_TRUE(Record("a", {0.1f}));
  ASSERT_TRUE(Record("b", {0.1f, 0.5f}));
  EXPECT_EQ(*store_->DeleteCollection("a", {}), 1u);
  EXPECT_EQ(store_->FindCollection("a").error().message(), "The collection id: a does not exist");
  EXPECT_EQ(Templates("b"), 2u);
}

TEST_F(StoreTest, PagesInOrderOfInsertion) {
  Create("a");
  const auto all = Record("a", {0.0f, 0.2f, 0.4f});
  const auto first = store_->ListFaces("a", 0, 2);
  ASSERT_TRUE(first && first->next);
  const auto second = store_->ListFaces("a", *first->next, 2);
  EXPECT_EQ(second->items.size(), 1u);
  EXPECT_FALSE(second->next);
  EXPECT_EQ(second->items[0].face_id, (*all)[2].face.face_id);
}

TEST_F(StoreTest, FindsByImageAndRow) {
  Create("a");
  const auto recorded = Record("a", {0.25f, 0.5f});
  const auto faces = store_->FacesOfImage("a", "image", "x");
  ASSERT_TRUE(faces);
  ASSERT_EQ(faces->size(), 2u);
  EXPECT_TRUE(store_->FacesOfImage("a", "image", "")->empty());
  EXPECT_EQ(*store_->TemplateAt((*faces)[0].row), (std::vector<float>{0.25f, 1}));
  EXPECT_EQ(store_->TemplateAt(1).error().code(), Code::kNotFound);
  EXPECT_EQ(*store_->CountCollections(), 1u);
  EXPECT_TRUE(store_->Check());
}

TEST_F(StoreTest, RefusesAnotherModelAndTooMany) {
  Create("a");
  EXPECT_EQ(store_->RecordImage("a", "other", {}, {}, 9, {}).error().code(), Code::kConflict);
  std::vector<NewFace> one{{RandomUuid(), {0, 0, 1, 1}, 1, 1, {1, 0}, {}, {}}};
  EXPECT_EQ(store_->RecordImage("a", "hash", {"i", "", {}, 1, 1, {}}, one, 0, {}).error().code(),
            Code::kExhausted);
  // Nothing half is left.
  EXPECT_EQ(Templates("a"), 0u);
}

TEST_F(StoreTest, OneServerAtATime) {
  EXPECT_EQ(Store::Open(folder_).error().code(), Code::kConflict);
  const auto reader = Store::Open(folder_, {Access::kRead});
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->Flush().error().code(), Code::kDenied);
}

TEST_F(StoreTest, NamesADamagedDatabase) {
  const auto file = store_->database();
  store_.reset();
  std::ofstream(file, std::ios::trunc) << std::string(9000, 'x');
  const auto opened = Store::Open(folder_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::kCorrupt);
  EXPECT_NE(opened.error().message().find("candid.db"), std::string::npos);
}

}  // namespace
}  // namespace candid::store
