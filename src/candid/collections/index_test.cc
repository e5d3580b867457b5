// The whole way from a photo to a match and back to nothing, with the installed models and photos
// of ../shared; skipped where either is absent.
#include <gmock/gmock.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "candid/base/ids.h"
#include "candid/collections/collections.h"
#include "candid/collections/testing_photos.h"
#include "candid/decision/testing_tables.h"
#include "candid/image/encode.h"

namespace candid::collections {
namespace {

class IndexTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto pack = InstalledPack();
    people_ = ReadPhotos();
    if (!pack) GTEST_SKIP() << "no models in this build folder";
    if (people_.size() < 2) GTEST_SKIP() << "no photos in ../shared/data/lfw-dev";
    pipeline_ = std::move(*face::Pipeline::Create(*pack));
    store_ = std::move(*store::Store::Open(folder_));
    collections_ = std::make_unique<Collections>(*store_, pipeline_.get(), IdentityOf(*pack));
    ASSERT_EQ(IdentityOf(*pack).hash, pipeline_->model_hash());
    ASSERT_TRUE(collections_->Create({}, "a", Keep::kCrops));
  }
  void TearDown() override {
    collections_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  Result<IndexOutcome> Index(ByteSpan photo, std::optional<std::size_t> max_faces = 1,
                             const std::string& external = "") {
    return collections_->Index({}, {"a", photo, external, max_faces});
  }

  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / RandomUuid();
  std::vector<std::vector<Bytes>> people_;
  std::unique_ptr<face::Pipeline> pipeline_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Collections> collections_;
};

TEST_F(IndexTest, FindsThePersonAmongTheEnrolled) {
  ASSERT_TRUE(Index(people_[0][0], 1, "first"));
  ASSERT_TRUE(Index(people_[1][0], 1, "second"));
  for (std::size_t person = 0; person < 2; ++person) {
    const auto found = collections_->SearchByImage({}, {"a", people_[person][1], 1, 0});
    ASSERT_TRUE(found) << found.error().message();
    ASSERT_TRUE(found->searched);
    ASSERT_EQ(found->matches.size(), 1u);
    EXPECT_EQ(found->matches[0].face.external_image_id, person == 0 ? "first" : "second");
  }
}

TEST_F(IndexTest, ARepeatEmbedsNothingAndReturnsTheSameFaces) {
  const Bytes both = Beside(people_[0][0], people_[1][0]);
  const auto first = Index(both, {}, "x");
  ASSERT_TRUE(first) << first.error().message();
  ASSERT_GE(first->indexed.size(), 2u);
  EXPECT_GE(first->indexed[0].detail.box.area(), first->indexed[1].detail.box.area());
  EXPECT_GT(first->timings[static_cast<std::size_t>(face::Stage::kEmbed)], 0);
  const auto again = Index(both, {}, "x");
  ASSERT_EQ(again->indexed.size(), first->indexed.size());
  for (std::size_t i = 0; i < again->indexed.size(); ++i) {
    EXPECT_FALSE(again->indexed[i].is_new);
    EXPECT_EQ(again->indexed[i].stored.face_id, first->indexed[i].stored.face_id);
  }
  EXPECT_LT(again->timings[static_cast<std::size_t>(face::Stage::kEmbed)],
            first->timings[static_cast<std::size_t>(face::Stage::kEmbed)] / 10);
  EXPECT_EQ(collections_->Describe("a")->face_count, first->indexed.size());
  EXPECT_EQ(collections_->FacesOfImage("a", both, "x")->size(), first->indexed.size());
  EXPECT_TRUE(collections_->FacesOfImage("a", both, "y")->empty());
}

// Nobody has seen the picture when all of them look; one stores its faces, the others get them.
TEST_F(IndexTest, TheSamePictureFromManyThreadsAtOnceIsStoredOnce) {
  const Bytes both = Beside(people_[0][0], people_[1][0]);
  constexpr std::size_t kThreads = 4;
  std::vector<std::vector<std::string>> ids(kThreads);
  std::atomic<std::size_t> stored = 0;
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      start.arrive_and_wait();
      const auto indexed = Index(both, {}, "x");
      ASSERT_TRUE(indexed) << indexed.error().message();
      for (const IndexedFace& face : indexed->indexed) {
        ids[t].push_back(face.stored.face_id);
        if (face.is_new) ++stored;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(ids[0].size(), 2u);
  for (const auto& others : ids) EXPECT_EQ(others, ids[0]);
  EXPECT_EQ(stored, ids[0].size());
  EXPECT_EQ(collections_->Describe("a")->face_count, ids[0].size());
  const auto found = collections_->SearchByImage({}, {"a", people_[0][0], 100, 0});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->matches.size(), ids[0].size()) << "in memory too";
}

TEST_F(IndexTest, TellsWhichFacesItLeftOut) {
  const auto one = Index(Beside(people_[0][0], people_[1][0]), 1);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->indexed.size(), 1u);
  ASSERT_FALSE(one->unindexed.empty());
  EXPECT_THAT(one->unindexed[0].reasons, testing::ElementsAre(Reason::kExceedsMaxFaces));
}

TEST_F(IndexTest, ComparesThePeopleOfTwoPictures) {
  const Bytes both = Beside(people_[0][1], people_[1][1]);
  const auto compared = collections_->Compare({}, {people_[0][0], both, 80});
  ASSERT_TRUE(compared) << compared.error().message();
  ASSERT_EQ(compared->matches.size(), 1u);
  EXPECT_GE(compared->unmatched.size(), 1u);
  EXPECT_LT(compared->matches[0].face.box.left, 250) << "the left half shows that person";
}

// The table draws the line between the two people's estimated ages: the younger one is declined
// wherever a face is matched, unless the operator overrules.
TEST_F(IndexTest, DeclinesAgesThatThePackCannotTellApart) {
  const auto age_of = [&](ByteSpan file) {
    const auto photo = pipeline_->Detect(file);
    const std::size_t largest = 0;
    const auto made = pipeline_->Embed(*photo, {&largest, 1});
    return made->front().age.value_or(-1);
  };
  Bytes younger = people_[0][0], older = people_[1][0];
  if (age_of(younger) > age_of(older)) std::swap(younger, older);
  ASSERT_GE(age_of(younger), 0) << "the default pack estimates ages";
  ASSERT_LT(age_of(younger), age_of(older));
  decision::Calibration table = decision::TwoGroups();
  table.decline_below_age = (age_of(younger) + age_of(older)) / 2;
  Options options;
  options.scale = decision::Scale(table);
  const auto open = [&](bool overruled) {
    options.match_unsupported_ages = overruled;
    collections_ = std::make_unique<Collections>(*store_, pipeline_.get(),
                                                 IdentityOf(*InstalledPack()), options);
  };
  open(false);
  const auto refused = Index(younger);
  ASSERT_TRUE(refused) << refused.error().message();
  EXPECT_TRUE(refused->indexed.empty());
  ASSERT_FALSE(refused->unindexed.empty());
  EXPECT_TRUE(refused->unindexed[0].age_not_supported);
  EXPECT_THAT(refused->unindexed[0].reasons, testing::ElementsAre(Reason::kLowFaceQuality));
  ASSERT_EQ(Index(older)->indexed.size(), 1u);

  const auto search = collections_->SearchByImage({}, {"a", younger, 10, 0});
  ASSERT_TRUE(search);
  EXPECT_TRUE(search->age_not_supported);
  EXPECT_TRUE(search->matches.empty());
  EXPECT_FALSE(collections_->SearchByImage({}, {"a", older, 10, 0})->age_not_supported);
  const auto from = collections_->Compare({}, {younger, younger, 0});
  EXPECT_TRUE(from->age_not_supported);
  EXPECT_TRUE(from->matches.empty());
  const auto to = collections_->Compare({}, {older, younger, 0});
  EXPECT_FALSE(to->age_not_supported);
  EXPECT_TRUE(to->matches.empty());
  ASSERT_FALSE(to->unmatched.empty());
  EXPECT_TRUE(to->unmatched[0].age_not_supported);

  open(true);
  EXPECT_EQ(Index(younger)->indexed.size(), 1u);
  EXPECT_EQ(collections_->SearchByImage({}, {"a", younger, 1, 80})->matches.size(), 1u);
  EXPECT_EQ(collections_->Compare({}, {younger, younger, 80})->matches.size(), 1u);
}

TEST_F(IndexTest, APictureOfNobodyIsNoErrorAndATinyOneIs) {
  const image::Image grey{100, 100, std::vector<std::uint8_t>(30'000, 128)};
  const image::Image tiny{79, 100, std::vector<std::uint8_t>(23'700, 128)};
  const Bytes nobody = *image::EncodePng(grey), small = *image::EncodePng(tiny);
  EXPECT_TRUE(Index(nobody)->indexed.empty());
  EXPECT_FALSE(collections_->SearchByImage({}, {"a", nobody})->searched);
  EXPECT_EQ(collections_->Compare({}, {people_[0][0], nobody}).error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(Index(small).error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace candid::collections
