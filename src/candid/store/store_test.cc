#include "candid/store/store.h"

#include "candid/store/testing_store.h"

namespace candid::store {
namespace {

using StoreTest = TestingStore;

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

TEST_F(StoreTest, TheSameFaceGetsTheSameIdAgain) {
  Create("a");
  Create("b");
  const std::string id = (*Record("a", {0.1f}))[0].face.face_id;
  EXPECT_TRUE(IsUuid(id));
  ASSERT_TRUE(store_->DeleteFaces("a", {id}, {}));
  EXPECT_EQ((*Record("a", {0.1f}))[0].face.face_id, id);
  EXPECT_NE((*Record("a", {0.8f}))[0].face.face_id, id);
  EXPECT_NE((*Record("a", {0.1f}, "other"))[0].face.face_id, id);
  EXPECT_NE((*Record("b", {0.1f}))[0].face.face_id, id);
  // An id of the caller's is unique in its collection only.
  const std::vector<NewFace> named{{id, {0, 0, 1, 1}, 1, 1, {1, 0}, {}, {}}};
  EXPECT_EQ(store_->RecordImage("a", "hash", {"i", "", {}, 1, 1, {}}, named, 9, {}).error().code(),
            Code::kAlreadyExists);
  EXPECT_TRUE(store_->RecordImage("b", "hash", {"i", "", {}, 1, 1, {}}, named, 9, {}));
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
  EXPECT_EQ(store_->TemplateAt((*faces)[0].row)->vector, (std::vector<float>{0.25f, 1}));
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

}  // namespace
}  // namespace candid::store
