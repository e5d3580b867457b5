#include "candid/store/testing_store.h"

namespace candid::store {
namespace {

class RemakeTest : public TestingStore {
 protected:
  static constexpr std::size_t kNewDimension = 3;
  const ModelIdentity other_{"other", "other hash", "2.0", kNewDimension};

  Status Stage(const std::vector<RowId>& rows) {
    TemplateBlock block;
    for (const RowId row : rows) {
      block.rows.push_back(row);
      block.vectors.insert(block.vectors.end(), {static_cast<float>(row & 0xFFFF), 2, 3});
      block.figures.push_back({0.25f, 2});
    }
    return store_->StageTemplates("a", block);
  }
};

TEST_F(RemakeTest, SwitchesAllAtOnce) {
  Create("a");
  Create("b");
  const auto faces = Record("a", {0.1f, 0.5f});
  ASSERT_TRUE(Record("b", {0.1f}));
  const RowId first = (*faces)[0].face.row;
  const RowId second = (*faces)[1].face.row;
  ASSERT_TRUE(Stage({first}));
  EXPECT_EQ(store_->SwitchModel("a", other_, false, {}).error().code(), Code::kConflict);
  EXPECT_EQ(store_->TemplateAt(first)->vector, (std::vector<float>{0.1f, 1}));
  ASSERT_TRUE(Stage({first, second}));
  ASSERT_TRUE(store_->SwitchModel("a", other_, false, {}));
  EXPECT_EQ(store_->FindCollection("a")->model, other_);
  EXPECT_EQ(store_->FindCollection("a")->face_count, 2u);
  EXPECT_EQ(store_->TemplateAt(first)->vector, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(store_->FindFaces("a", {(*faces)[1].face.face_id})->front().row, second);
  EXPECT_EQ(Templates("b"), 1u);
}

TEST_F(RemakeTest, DropsTheLostWhereAsked) {
  Create("a");
  const auto faces = Record("a", {0.1f, 0.5f});
  ASSERT_TRUE(Stage({(*faces)[1].face.row}));
  ASSERT_TRUE(store_->SwitchModel("a", other_, true, {}));
  EXPECT_EQ(store_->FindCollection("a")->face_count, 1u);
  EXPECT_TRUE(store_->FindFaces("a", {(*faces)[0].face.face_id})->empty());
  const auto trail = store_->ListAudit(0, 10);
  EXPECT_EQ(trail->items.back().entry.affected, 1u);
  EXPECT_EQ(trail->items.back().entry.refused, 1u);
}

TEST_F(RemakeTest, ForgetsTheStagedAtOpeningAndWhenAsked) {
  Create("a");
  const auto faces = Record("a", {0.1f});
  for (const bool reopen : {true, false}) {
    ASSERT_TRUE(Stage({(*faces)[0].face.row}));
    if (reopen) {
      Open();
    } else {
      ASSERT_TRUE(store_->DiscardStaged("a"));
    }
    EXPECT_EQ(store_->SwitchModel("a", other_, false, {}).error().code(), Code::kConflict);
  }
  EXPECT_EQ(Templates("a"), 1u);
}

TEST_F(RemakeTest, RefusesWhatDoesNotFit) {
  Create("a");
  Create("b");
  const auto faces = Record("a", {0.1f});
  const auto others = Record("b", {0.1f});
  EXPECT_EQ(Stage({(*others)[0].face.row}).error().code(), Code::kInvalidArgument);
  EXPECT_FALSE(store_->StageTemplates("a", {{1, 2}, {1, 2, 3}, {{}, {}}}));
  ASSERT_TRUE(Stage({(*faces)[0].face.row}));
  ModelIdentity longer = other_;
  longer.dimension = 4;
  EXPECT_EQ(store_->SwitchModel("a", longer, false, {}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Templates("a"), 1u);
  // A face deleted while its template was made is no error.
  ASSERT_TRUE(store_->DeleteFaces("a", {(*faces)[0].face.face_id}, {}));
  EXPECT_TRUE(Stage({(*faces)[0].face.row}));
  EXPECT_TRUE(store_->SwitchModel("a", other_, false, {}));
}

TEST_F(RemakeTest, ReadsKeptPixels) {
  Create("a");
  const Bytes file{1, 2, 3};
  std::vector<NewFace> faces{{{}, {0, 0, 0.1f, 0.1f}, 1, 1, {0, 1}, {}, {9, 8}},
                             {{}, {0.5f, 0, 0.1f, 0.1f}, 1, 1, {0, 1}, {}, {}}};
  ASSERT_TRUE(store_->RecordImage("a", "hash", {"1", "", {}, 9, 9, file}, faces, 9, {}));
  ASSERT_TRUE(store_->RecordImage("a", "hash", {"2", "", {}, 9, 9, {}}, {faces[1]}, 9, {}));
  const auto first = store_->ReadKeptPixels("a", 0, 2);
  ASSERT_TRUE(first && first->next);
  EXPECT_EQ(first->items[0].crop, (Bytes{9, 8}));
  EXPECT_TRUE(first->items[0].file.empty());
  EXPECT_EQ(first->items[1].file, file);
  const auto second = store_->ReadKeptPixels("a", *first->next, 2);
  ASSERT_EQ(second->items.size(), 1u);
  EXPECT_TRUE(second->items[0].crop.empty() && second->items[0].file.empty());
  EXPECT_FALSE(second->next);
  // An image is erased with the first of its faces.
  ASSERT_TRUE(store_->DeleteFaces("a", {first->items[0].face.face_id}, {}));
  EXPECT_TRUE(store_->ReadKeptPixels("a", 0, 1)->items[0].file.empty());
}

}  // namespace
}  // namespace candid::store
