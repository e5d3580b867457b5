// Collections of one pack moved to another: here the same networks under another name, so that the
// new templates can be held against the old.
#include <gmock/gmock.h>

#include <numeric>

#include "candid/base/ids.h"
#include "candid/collections/collections.h"
#include "candid/collections/testing_photos.h"

namespace candid::collections {
namespace {

class ReembedTest : public testing::Test {
 protected:
  void SetUp() override {
    pack_ = InstalledPack();
    people_ = ReadPhotos();
    if (!pack_) GTEST_SKIP() << "no models in this build folder";
    if (people_.size() < 2) GTEST_SKIP() << "no photos in ../shared/data/lfw-dev";
    pipeline_ = std::move(*face::Pipeline::Create(*pack_));
    store_ = std::move(*store::Store::Open(folder_));
    Use({"old-pack", "old-hash", "0.9", pipeline_->dimension()});
  }
  void TearDown() override {
    collections_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Use(const ModelIdentity& model) {
    collections_ = std::make_unique<Collections>(*store_, pipeline_.get(), model);
  }
  void UseNewPack() { Use(IdentityOf(*pack_)); }
  // Face ids of both people, in one picture each and in one together.
  std::vector<std::string> Fill(const std::string& collection, Keep keep) {
    EXPECT_TRUE(collections_->Create({}, collection, keep));
    std::vector<std::string> ids;
    for (const Bytes& photo :
         {people_[0][0], people_[1][0], Beside(people_[0][1], people_[1][1])}) {
      const auto indexed = collections_->Index({}, {collection, photo, "", 2});
      EXPECT_TRUE(indexed);
      for (const IndexedFace& face : indexed->indexed) ids.push_back(face.stored.face_id);
    }
    return ids;
  }

  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / RandomUuid();
  std::optional<models::Pack> pack_;
  std::vector<std::vector<Bytes>> people_;
  std::unique_ptr<face::Pipeline> pipeline_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Collections> collections_;
};

TEST_F(ReembedTest, MakesTheSameFacesAnewFromWhatWasKept) {
  for (const Keep keep : {Keep::kCrops, Keep::kImages}) {
    const std::string id = keep == Keep::kCrops ? "crops" : "images";
    Use({"old-pack", "old-hash", "0.9", pipeline_->dimension()});
    const auto ids = Fill(id, keep);
    std::vector<std::vector<float>> before;
    const auto stored = *store_->FindFaces(id, ids);
    for (const StoredFace& face : stored) {
      before.push_back(store_->TemplateAt(face.row)->vector);
    }
    UseNewPack();
    EXPECT_EQ(collections_->SearchByFace({}, {id, ids[0]}).error().code(), Code::kConflict);
    std::size_t heard = 0;
    const auto moved = collections_->Reembed({}, {id}, [&](std::size_t done, std::size_t total) {
      EXPECT_EQ(total, ids.size());
      heard = done;
      return Status();
    });
    ASSERT_TRUE(moved) << moved.error().message();
    EXPECT_TRUE(moved->switched);
    EXPECT_EQ(moved->remade, ids.size());
    EXPECT_EQ(heard, ids.size());
    EXPECT_EQ(collections_->Describe(id)->model, IdentityOf(*pack_));
    const auto faces = *store_->FindFaces(id, ids);
    ASSERT_EQ(faces.size(), ids.size());
    for (std::size_t i = 0; i < faces.size(); ++i) {
      const auto now = store_->TemplateAt(faces[i].row)->vector;
      const double cosine = std::inner_product(now.begin(), now.end(), before[i].begin(), 0.0);
      EXPECT_GT(cosine, keep == Keep::kCrops ? 0.9 : 0.999) << id << " face " << i;
    }
    EXPECT_TRUE(collections_->SearchByFace({}, {id, ids[0]}));
  }
}

TEST_F(ReembedTest, LeavesACollectionAloneWhereNothingWasKept) {
  const auto ids = Fill("a", Keep::kNone);
  UseNewPack();
  const auto refused = collections_->Reembed({}, {"a"});
  ASSERT_TRUE(refused) << refused.error().message();
  EXPECT_FALSE(refused->switched);
  EXPECT_THAT(refused->lost, testing::UnorderedElementsAreArray(ids));
  EXPECT_EQ(collections_->Describe("a")->model.pack, "old-pack");
  EXPECT_EQ(collections_->Describe("a")->face_count, ids.size());
  const auto dropped = collections_->Reembed({}, {"a", true});
  ASSERT_TRUE(dropped) << dropped.error().message();
  EXPECT_TRUE(dropped->switched);
  EXPECT_EQ(collections_->Describe("a")->face_count, 0u);
  EXPECT_TRUE(collections_->Index({}, {"a", people_[0][0], "", 1}));
}

TEST_F(ReembedTest, AnInterruptedMoveChangesNothing) {
  const auto ids = Fill("a", Keep::kCrops);
  UseNewPack();
  const auto stopped = collections_->Reembed(
      {}, {"a"}, [](std::size_t, std::size_t) -> Status { return Fail(Code::kCancelled, "stop"); });
  EXPECT_EQ(stopped.error().code(), Code::kCancelled);
  EXPECT_EQ(collections_->Describe("a")->model.pack, "old-pack");
  EXPECT_TRUE(collections_->Reembed({}, {"a"})->switched) << "and can be done again";
}

}  // namespace
}  // namespace candid::collections
