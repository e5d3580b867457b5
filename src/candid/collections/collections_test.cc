#include "candid/collections/collections.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "candid/base/ids.h"
#include "candid/decision/testing_tables.h"

namespace candid::collections {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const ModelIdentity kModel{"pack-a", "hash-a", "1.0", 2};
const Caller kCaller{"AKTEST"};

// A template at `degrees` on the unit circle: cosines are those of the angles between.
std::vector<float> At(double degrees) {
  const double radians = degrees * std::acos(-1.0) / 180;
  return {static_cast<float>(std::cos(radians)), static_cast<float>(std::sin(radians))};
}

store::NewFace FaceAt(double degrees, float left = 0.1f) {
  return {RandomUuid(), {left, 0.1f, 0.1f, 0.1f}, 0.9f, 0.5f, At(degrees), {}, {}};
}

store::NewImage ImageOf(const std::string& image_id, const std::string& external = "") {
  store::NewImage image;
  image.image_id = image_id;
  image.external_image_id = external;
  image.width = image.height = 100;
  return image;
}

Tags Promise(const std::string& value) { return {{store::kFalseAlarmsTag, value}}; }

class CollectionsTest : public testing::Test {
 protected:
  void SetUp() override { Open(kModel); }
  void TearDown() override {
    collections_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Open(const ModelIdentity& model, const Options& options = {}) {
    collections_.reset();
    store_.reset();
    store_ = std::move(*store::Store::Open(folder_));
    collections_ = std::make_unique<Collections>(*store_, nullptr, model, options);
  }
  // The face id.
  std::string Add(const std::string& collection, double degrees) {
    const auto faces =
        collections_->Record(kCaller, collection, ImageOf(RandomUuid()), {FaceAt(degrees)});
    EXPECT_TRUE(faces) << faces.error().message();
    return faces ? faces->front().face.face_id : "";
  }
  std::vector<std::string> Search(const std::string& collection, double degrees,
                                  double similarity = 80, std::size_t limit = 10) {
    const auto matches =
        collections_->SearchByTemplate(collection, {At(degrees), {}}, limit, similarity);
    EXPECT_TRUE(matches) << matches.error().message();
    std::vector<std::string> ids;
    for (const Match& match : *matches) ids.push_back(match.face.face_id);
    return ids;
  }

  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / RandomUuid();
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Collections> collections_;
};

TEST_F(CollectionsTest, FindsTheMostSimilarFirst) {
  ASSERT_TRUE(collections_->Create(kCaller, "a"));
  const std::string far = Add("a", 40), near = Add("a", 10);
  Add("a", 120);
  EXPECT_THAT(Search("a", 0), ElementsAre(near, far));
  EXPECT_THAT(Search("a", 0, 80, 1), ElementsAre(near));
  EXPECT_EQ(Search("a", 0, 0).size(), 3u) << "similarity 0 admits everyone";
  EXPECT_THAT(Search("a", 200, 99), IsEmpty());
}

// Scores are cosines here: 0.52 is FMR 1e-3, similarity 80; 0.75 is 1e-6, 99.
TEST_F(CollectionsTest, StatesWhatAMatchIsWorth) {
  Options options;
  options.scale = decision::Scale(decision::TwoGroups());
  Open(kModel, options);
  ASSERT_TRUE(collections_->Create(kCaller, "a"));
  const std::string self = Add("a", 0), near = Add("a", 40), far = Add("a", 55);
  EXPECT_THAT(Search("a", 0), ElementsAre(self, near, far));
  const auto found = collections_->SearchByFace(kCaller, {"a", self, 10, 80});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->matches.size(), 2u);
  EXPECT_NEAR(found->matches[0].rate->fmr, std::pow(10, -(2 + (0.766 - 0.35) / 0.1)), 1e-8);
  EXPECT_EQ(found->matches[0].rate->group, "all");
  EXPECT_EQ(found->matches[1].rate->group, "worse");
  EXPECT_NEAR(found->terms.rate->fmr, 1e-3, 1e-9);
  EXPECT_NEAR(found->terms.expected_false_matches, 2e-3, 1e-9) << "the face itself is no stranger";
  EXPECT_DOUBLE_EQ(found->terms.similarity, 80);
}

TEST_F(CollectionsTest, KeepsThePromiseAsTheGalleryGrows) {
  Options options;
  options.scale = decision::Scale(decision::TwoGroups());
  Open(kModel, options);
  ASSERT_TRUE(collections_->Create(kCaller, "a", Keep::kNone, Promise("1/1000")));
  ASSERT_TRUE(collections_->Create(kCaller, "b"));
  EXPECT_EQ(collections_->Describe("a")->false_alarms, "1/1000");
  // One face: FMR 1.25e-3, less than the caller's 1e-3 (cosine 0.52) asks for. A hundred: 1.25e-5.
  const std::string match = Add("a", 57);
  EXPECT_THAT(Search("a", 0), ElementsAre(match));
  for (int i = 0; i < 99; ++i) Add("a", 180);
  EXPECT_THAT(Search("a", 0), IsEmpty());
  decision::Terms terms;
  ASSERT_TRUE(collections_->SearchByTemplate("a", {At(0), {}}, 1, 80, &terms));
  EXPECT_TRUE(terms.promised);
  EXPECT_NEAR(terms.rate->fmr, 1.25e-5, 1e-7);
  // A stricter caller is obeyed; a promise taken back is none.
  ASSERT_TRUE(collections_->SearchByTemplate("a", {At(0), {}}, 1, 99.9, &terms));
  EXPECT_FALSE(terms.promised);
  ASSERT_TRUE(collections_->Untag(kCaller, "a", {store::kFalseAlarmsTag}));
  EXPECT_THAT(Search("a", 0), ElementsAre(match));
  // A promise that no threshold can keep lets nothing match, not even the face itself.
  ASSERT_TRUE(collections_->Tag(kCaller, "a", Promise("1/1000000000")));
  EXPECT_THAT(Search("a", 57), IsEmpty());
  for (const char* wrong : {"1/1", "1/2000000000", "0.1", "", "often"}) {
    EXPECT_EQ(collections_->Tag(kCaller, "a", Promise(wrong)).error().code(),
              Code::kInvalidArgument);
    EXPECT_EQ(collections_->Create(kCaller, "c", Keep::kNone, Promise(wrong)).error().code(),
              Code::kInvalidArgument);
  }
  EXPECT_EQ(collections_->Describe("a")->false_alarms, "1/1000000000");
  EXPECT_EQ(collections_->Describe("b")->false_alarms, "");
}

TEST_F(CollectionsTest, PromisesNothingWithoutACalibration) {
  EXPECT_EQ(collections_->Create(kCaller, "a", Keep::kNone, Promise("1/1000")).error().code(),
            Code::kInvalidArgument);
  ASSERT_TRUE(collections_->Create(kCaller, "a"));
  EXPECT_EQ(collections_->Tag(kCaller, "a", Promise("1/1000")).error().code(),
            Code::kInvalidArgument);
  // One made under another table is refused at the search, not ignored.
  Options options;
  options.scale = decision::Scale(decision::TwoGroups());
  Open(kModel, options);
  ASSERT_TRUE(collections_->Tag(kCaller, "a", Promise("1/1000")));
  Open(kModel);
  const auto refused = collections_->SearchByTemplate("a", {At(0), {}}, 1, 80);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kConflict);
  EXPECT_THAT(refused.error().message(), HasSubstr("candid calibrate"));
}

TEST_F(CollectionsTest, AFilledGalleryFollowsEveryChange) {
  ASSERT_TRUE(collections_->Create(kCaller, "a"));
  const std::string first = Add("a", 0);
  EXPECT_THAT(Search("a", 0), ElementsAre(first));  // filled from here on
  const std::string second = Add("a", 1);
  EXPECT_THAT(Search("a", 0), ElementsAre(first, second));
  const auto deleted = collections_->DeleteFaces(kCaller, "a", {second, "x", second, first});
  ASSERT_TRUE(deleted);
  EXPECT_THAT(deleted->deleted, ElementsAre(second, first));
  EXPECT_THAT(deleted->not_found, ElementsAre("x"));
  EXPECT_THAT(Search("a", 0), IsEmpty());
  EXPECT_EQ(collections_->loaded().faces, 0u);
  EXPECT_EQ(collections_->Describe("a")->face_count, 0u);
}

TEST_F(CollectionsTest, TheSameFaceOfTheSameImageIsStoredOnce) {
  ASSERT_TRUE(collections_->Create(kCaller, "a"));
  Search("a", 0);
  const auto first = collections_->Record(kCaller, "a", ImageOf("i", "p:1"), {FaceAt(0)});
  const auto again = collections_->Record(kCaller, "a", ImageOf("i", "p:1"), {FaceAt(5)});
  const auto other = collections_->Record(kCaller, "a", ImageOf("i", "p:2"), {FaceAt(9)});
  ASSERT_TRUE(first && again && other);
  EXPECT_FALSE(again->front().is_new);
  EXPECT_EQ(again->front().face.face_id, first->front().face.face_id);
  EXPECT_TRUE(other->front().is_new);
  EXPECT_EQ(Search("a", 0).size(), 2u);
}

TEST_F(CollectionsTest, LeavesTheFaceItselfOutOfItsSearch) {
  ASSERT_TRUE(collections_->Create(kCaller, "a"));
  const std::string self = Add("a", 0), other = Add("a", 5);
  const auto found = collections_->SearchByFace(kCaller, {"a", self, 1});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->matches.size(), 1u);
  EXPECT_EQ(found->matches[0].face.face_id, other);
  EXPECT_EQ(found->model_version, "1.0");
  const auto none = collections_->SearchByFace(kCaller, {"a", RandomUuid()});
  EXPECT_EQ(none.error().message(), "faceId was not found in the collection.");
  EXPECT_EQ(none.error().code(), Code::kInvalidArgument);
}

TEST_F(CollectionsTest, IsTheSameAfterARestart) {
  ASSERT_TRUE(collections_->Create(kCaller, "a"));
  const std::string stays = Add("a", 0), goes = Add("a", 3);
  ASSERT_TRUE(collections_->DeleteFaces(kCaller, "a", {goes}));
  Open(kModel);
  std::size_t heard = 0;
  const auto warm = collections_->Warm([&](std::size_t faces) {
    heard = faces;
    return Status();
  });
  ASSERT_TRUE(warm);
  EXPECT_EQ(warm->collections, 1u);
  EXPECT_EQ(warm->faces, 1u);
  EXPECT_EQ(heard, 1u);
  EXPECT_EQ(collections_->loaded().faces, 1u);
  EXPECT_THAT(Search("a", 0), ElementsAre(stays));
}

TEST_F(CollectionsTest, AnotherPacksCollectionIsRefusedByName) {
  ASSERT_TRUE(collections_->Create(kCaller, "a"));
  const std::string face = Add("a", 0);
  Open({"pack-b", "hash-b", "2.0", 3});
  const auto refused = collections_->SearchByTemplate("a", {{1, 0, 0}, {}}, 1, 80);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kConflict);
  EXPECT_THAT(refused.error().message(), HasSubstr("pack-a"));
  EXPECT_THAT(refused.error().message(), HasSubstr("pack-b"));
  EXPECT_THAT(refused.error().message(), HasSubstr("candid reembed a"));
  EXPECT_EQ(collections_->Record(kCaller, "a", ImageOf("i"), {}).error().code(), Code::kConflict);
  EXPECT_EQ(collections_->SearchByFace(kCaller, {"a", face}).error().code(), Code::kConflict);
  EXPECT_THAT(collections_->Warm()->foreign, ElementsAre("a"));
  // What needs no template goes on.
  EXPECT_EQ(collections_->ListFaces({"a", 0, 0, {}})->items.size(), 1u);
  EXPECT_TRUE(collections_->DeleteFaces(kCaller, "a", {face}));
  EXPECT_TRUE(collections_->Delete(kCaller, "a"));
}

TEST_F(CollectionsTest, ADeletedCollectionLeavesNothingBehind) {
  ASSERT_TRUE(collections_->Create(kCaller, "a"));
  Add("a", 0);
  Search("a", 0);
  ASSERT_TRUE(collections_->Delete(kCaller, "a"));
  EXPECT_EQ(collections_->loaded().collections, 0u);
  EXPECT_EQ(collections_->Delete(kCaller, "a").error().message(),
            "The collection id: a does not exist");
  EXPECT_EQ(collections_->SearchByTemplate("a", {At(0), {}}, 1, 80).error().code(),
            Code::kNotFound);
  ASSERT_TRUE(collections_->Create(kCaller, "a"));
  EXPECT_THAT(Search("a", 0, 0), IsEmpty());
}

TEST_F(CollectionsTest, ListsInPages) {
  ASSERT_TRUE(collections_->Create(kCaller, "b"));
  ASSERT_TRUE(collections_->Create(kCaller, "a"));
  const auto page = collections_->List(0, 1);
  ASSERT_TRUE(page && page->next);
  EXPECT_EQ(page->items[0].id, "b");
  EXPECT_EQ(collections_->List(*page->next, 1)->items[0].id, "a");
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(Add("a", 60.0 * i));
  const auto some = collections_->ListFaces({"a", 0, 1, {ids[2], ids[0], RandomUuid()}});
  ASSERT_TRUE(some && some->next);
  EXPECT_EQ(some->items[0].face_id, ids[0]);
  const auto rest = collections_->ListFaces({"a", *some->next, 1, {ids[2], ids[0]}});
  EXPECT_EQ(rest->items[0].face_id, ids[2]);
  EXPECT_FALSE(rest->next);
}

TEST_F(CollectionsTest, HoldsEveryWayInToTheLimits) {
  ASSERT_TRUE(collections_->Create(kCaller, "a"));
  EXPECT_EQ(collections_->Create(kCaller, "a").error().message(),
            "The collection id: a already exists");
  for (const char* id : {"", "a b", "a/b", "\xC3\xA4"}) {
    EXPECT_EQ(collections_->Create(kCaller, id).error().code(), Code::kInvalidArgument) << id;
  }
  EXPECT_TRUE(collections_->Create(kCaller, std::string(255, 'x')));
  EXPECT_FALSE(collections_->Create(kCaller, std::string(256, 'x')));
  EXPECT_FALSE(collections_->Record(kCaller, "a", ImageOf("i", "has space"), {}));
  for (const auto& [faces, similarity] :
       {std::pair{0, 80.0}, {4097, 80.0}, {1, -1.0}, {1, 100.5}, {1, std::nan("")}}) {
    EXPECT_EQ(collections_
                  ->SearchByTemplate("a", {At(0), {}}, static_cast<std::size_t>(faces), similarity)
                  .error()
                  .code(),
              Code::kInvalidArgument);
  }
  EXPECT_FALSE(collections_->SearchByTemplate("a", {{1, 0, 0}, {}}, 1, 80));
  EXPECT_FALSE(collections_->List(0, kMaxPage + 1));
  EXPECT_FALSE(collections_->DeleteFaces(kCaller, "a", std::vector<std::string>(4097, "x")));
  Open(kModel, {.gallery = {}, .max_collections = 2, .max_faces = 1});
  EXPECT_EQ(collections_->Create(kCaller, "b").error().code(), Code::kExhausted);
  Add("a", 0);
  EXPECT_EQ(collections_->Record(kCaller, "a", ImageOf("j"), {FaceAt(9)}).error().code(),
            Code::kExhausted);
}

TEST_F(CollectionsTest, WithoutModelsSaysSo) {
  ASSERT_TRUE(collections_->Create(kCaller, "a"));
  const Bytes picture{1, 2, 3};
  EXPECT_EQ(collections_->Detect(kCaller, picture).error().code(), Code::kUnavailable);
  EXPECT_EQ(collections_->Index(kCaller, {"a", picture, "", {}}).error().code(),
            Code::kUnavailable);
  EXPECT_EQ(collections_->SearchByImage(kCaller, {"nobody", picture}).error().code(),
            Code::kNotFound)
      << "the collection is looked at before the picture";
}

// What goes in and out under load is what a restart finds.
TEST_F(CollectionsTest, ManyThreadsAtOnceLoseAndInventNothing) {
  ASSERT_TRUE(collections_->Create(kCaller, "a"));
  ASSERT_TRUE(collections_->Create(kCaller, "churn"));
  std::atomic<int> kept = 0;
  const auto work = [&](int thread) {
    for (int i = 0; i < 20; ++i) {
      const std::string id = Add("a", thread * 30 + i);
      if (i % 2 == 0) {
        EXPECT_EQ(collections_->DeleteFaces(kCaller, "a", {id})->deleted.size(), 1u);
      } else {
        const auto found = Search("a", thread * 30 + i, 99, 10);
        EXPECT_THAT(found, testing::Contains(id)) << "recorded is searchable";
        ++kept;
      }
      // Deleting and making one collection while others use it may refuse, and must not break.
      (void)collections_->Record(kCaller, "churn", ImageOf(RandomUuid()), {FaceAt(i)});
      (void)collections_->SearchByTemplate("churn", {At(i), {}}, 3, 0);
      if (i % 7 == thread) {
        (void)collections_->Delete(kCaller, "churn");
        (void)collections_->Create(kCaller, "churn");
      }
    }
  };
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) threads.emplace_back(work, thread);
  for (std::thread& thread : threads) thread.join();
  const auto held = Search("a", 0, 0, 4096);
  EXPECT_EQ(held.size(), static_cast<std::size_t>(kept));
  const auto churned = Search("churn", 0, 0, 4096);
  EXPECT_EQ(churned.size(), collections_->Describe("churn")->face_count);
  Open(kModel);
  EXPECT_EQ(Search("a", 0, 0, 4096), held);
  EXPECT_EQ(Search("churn", 0, 0, 4096), churned);
}

// Searchers of a collection that comes and goes under them hear of faces or of its absence, and of
// nothing else; after the last delete nothing of it is left in memory.
TEST_F(CollectionsTest, SearchesWhileTheCollectionComesAndGoes) {
  std::atomic<bool> stop = false;
  std::atomic<int> searches = 0;
  const auto search = [&] {
    while (!stop) {
      const auto found = collections_->SearchByTemplate("a", {At(1), {}}, 5, 0);
      if (!found) {
        EXPECT_EQ(found.error().code(), Code::kNotFound) << found.error().message();
      }
      ++searches;
    }
  };
  const auto record = [&](int thread) {
    for (int i = 0; !stop; ++i) {
      const auto recorded =
          collections_->Record(kCaller, "a", ImageOf(RandomUuid()), {FaceAt(thread * 90 + i % 90)});
      if (!recorded) {
        EXPECT_EQ(recorded.error().code(), Code::kNotFound) << recorded.error().message();
      } else if (i % 3 == 0) {
        (void)collections_->DeleteFaces(kCaller, "a", {recorded->front().face.face_id});
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) threads.emplace_back(search);
  for (int i = 0; i < 2; ++i) threads.emplace_back(record, i);
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(collections_->Create(kCaller, "a"));
    const int before = searches;
    while (searches < before + 10) std::this_thread::yield();
    ASSERT_TRUE(collections_->Delete(kCaller, "a"));
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(collections_->loaded().collections, 0u);
  EXPECT_EQ(collections_->loaded().faces, 0u);
}

}  // namespace
}  // namespace candid::collections
