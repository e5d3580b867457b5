// Users, their associations and tags, without models: templates are given.

#include <gmock/gmock.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "candid/base/ids.h"
#include "candid/collections/collections.h"
#include "candid/decision/scale.h"

namespace candid::collections {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const ModelIdentity kModel{"pack-a", "hash-a", "1.0", 2};
const Caller kCaller{"AKTEST"};

std::vector<float> At(double degrees) {
  const double radians = degrees * std::acos(-1.0) / 180;
  return {static_cast<float>(std::cos(radians)), static_cast<float>(std::sin(radians))};
}

class TestingClock : public Clock {
 public:
  std::chrono::system_clock::time_point Now() const override { return now; }
  std::chrono::system_clock::time_point now{std::chrono::hours(1)};
};

class UsersTest : public testing::Test {
 protected:
  void SetUp() override {
    Open();
    ASSERT_TRUE(collections_->Create(kCaller, "a"));
  }
  void TearDown() override {
    collections_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Open(const ModelIdentity& model = kModel, const Options& options = {}) {
    collections_.reset();
    store_.reset();
    store_ = std::move(*store::Store::Open(folder_));
    collections_ = std::make_unique<Collections>(*store_, nullptr, model, options, clock_);
  }
  // The face id.
  std::string Face(double degrees) {
    store::NewImage image;
    image.image_id = RandomUuid();
    image.width = image.height = 100;
    const auto faces = collections_->Record(
        kCaller, "a", image,
        {{RandomUuid(), {0.1f, 0.1f, 0.1f, 0.1f}, 0.9f, 0.5f, At(degrees), {}, {}}});
    EXPECT_TRUE(faces) << faces.error().message();
    return faces->front().face.face_id;
  }
  // A user of faces at these places.
  void User(const std::string& id, const std::vector<double>& degrees) {
    ASSERT_TRUE(collections_->CreateUser(kCaller, {"a", id, ""}));
    if (degrees.empty()) return;
    std::vector<std::string> faces;
    for (const double place : degrees) faces.push_back(Face(place));
    ASSERT_EQ(Associate(id, faces).changed, faces);
  }
  AssociationOutcome Associate(const std::string& user, std::vector<std::string> faces,
                               double similarity = kDefaultUserSimilarity,
                               const std::string& token = "") {
    const auto outcome =
        collections_->AssociateFaces(kCaller, {{"a", user, token}, std::move(faces), similarity});
    EXPECT_TRUE(outcome) << outcome.error().message();
    return outcome ? *outcome : AssociationOutcome();
  }
  AssociationOutcome Free(const std::string& user, std::vector<std::string> faces) {
    const auto outcome =
        collections_->DisassociateFaces(kCaller, {{"a", user, ""}, std::move(faces)});
    EXPECT_TRUE(outcome) << outcome.error().message();
    return outcome ? *outcome : AssociationOutcome();
  }
  // Ids of those found with a face at this place.
  std::vector<std::string> Search(double degrees, double similarity = 80, std::size_t limit = 100) {
    const auto found =
        collections_->SearchUsers(kCaller, {"a", "", Face(degrees), limit, similarity});
    EXPECT_TRUE(found) << found.error().message();
    std::vector<std::string> ids;
    for (const UserMatch& match : found->matches) ids.push_back(match.user.user_id);
    return ids;
  }

  TestingClock clock_;
  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / RandomUuid();
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Collections> collections_;
};

TEST_F(UsersTest, AreFoundByTheMeanOfTheirFaces) {
  User("wide", {0, 40});  // at 20
  User("near", {8});
  User("far", {120});
  User("nobody", {});
  EXPECT_THAT(Search(20), ElementsAre("wide", "near"));
  EXPECT_THAT(Search(20, 80, 1), ElementsAre("wide"));
  EXPECT_THAT(Search(20, 0), ElementsAre("wide", "near", "far")) << "without faces, not found";
  const auto found = collections_->SearchUsers(kCaller, {"a", "", Face(20)});
  EXPECT_NEAR(found->matches.at(0).similarity, 100, 1e-3);
  EXPECT_EQ(found->matches.at(0).user.face_count, 2u);
  EXPECT_EQ(found->model_version, "1.0");
}

TEST_F(UsersTest, AreFoundByOneAnotherAndNotByThemselves) {
  User("one", {0});
  User("two", {5});
  User("nobody", {});
  const auto found = collections_->SearchUsers(kCaller, {"a", "one", "", 1, 80});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->matches.size(), 1u);
  EXPECT_EQ(found->matches[0].user.user_id, "two");
  EXPECT_THAT(collections_->SearchUsers(kCaller, {"a", "nobody", ""})->matches, IsEmpty());
  const auto refused = [&](const SearchUsersRequest& request) {
    return collections_->SearchUsers(kCaller, request).error();
  };
  EXPECT_EQ(refused({"a", "none", ""}).message(), "The user id: none does not exist");
  EXPECT_EQ(refused({"a", "", RandomUuid()}).message(), "faceId was not found in the collection.");
  EXPECT_EQ(refused({"a", "", ""}).code(), Code::kInvalidArgument);
  EXPECT_EQ(refused({"a", "one", RandomUuid()}).code(), Code::kInvalidArgument);
  EXPECT_EQ(refused({"a", "one", "", 0}).code(), Code::kInvalidArgument);
  EXPECT_EQ(refused({"a", "one", "", 501}).code(), Code::kInvalidArgument);
  EXPECT_EQ(refused({"a", "one", "", 1, 101}).code(), Code::kInvalidArgument);
  EXPECT_EQ(refused({"none", "one", ""}).code(), Code::kNotFound);
}

// Similarities near 100 quickly: 20 degrees apart is 100 - 6e-12.
constexpr double kTheSame = 100 - 1e-12;

// Whatever is changed after the vectors came to memory is what a restart reads.
TEST_F(UsersTest, VectorsFollowEveryChange) {
  User("u", {0});
  const std::string second = Face(40);
  EXPECT_THAT(Search(0, kTheSame), ElementsAre("u"));  // in memory from here on
  EXPECT_EQ(collections_->loaded().users, 1u);
  Associate("u", {second}, 0);
  EXPECT_THAT(Search(20, kTheSame), ElementsAre("u"));
  EXPECT_THAT(Search(0, kTheSame), IsEmpty());
  Open();
  EXPECT_THAT(Search(20, kTheSame), ElementsAre("u"));
  EXPECT_TRUE(Free("u", {second}).has_faces);
  EXPECT_THAT(Search(0, kTheSame), ElementsAre("u"));
  User("v", {0});
  ASSERT_TRUE(collections_->DeleteUser(kCaller, {"a", "u", ""}));
  EXPECT_THAT(Search(0, kTheSame), ElementsAre("v"));
  EXPECT_EQ(collections_->Describe("a")->user_count, 1u);
  ASSERT_TRUE(collections_->Delete(kCaller, "a"));
  EXPECT_EQ(collections_->loaded().users, 0u);
}

TEST_F(UsersTest, EachFaceIsTakenOrRefusedForItsReason) {
  const std::string unknown = RandomUuid();
  User("u", {0});
  User("other", {90});
  const std::string others = collections_->ListFaces({"a", 0, 0, {}, "other"})->items[0].face_id;
  const std::string near = Face(10), far = Face(85);
  const auto outcome = Associate("u", {unknown, others, far, near, near});
  EXPECT_THAT(outcome.changed, ElementsAre(near));
  ASSERT_EQ(outcome.refused.size(), 3u);
  EXPECT_EQ(outcome.refused[0].face_id, unknown);
  EXPECT_EQ(NameOf(outcome.refused[0].reason), "FACE_NOT_FOUND");
  EXPECT_EQ(NameOf(outcome.refused[1].reason), "ASSOCIATED_TO_A_DIFFERENT_USER");
  EXPECT_EQ(outcome.refused[1].user_id, "other");
  EXPECT_EQ(NameOf(outcome.refused[2].reason), "LOW_MATCH_CONFIDENCE");
  EXPECT_NEAR(*outcome.refused[2].similarity,
              decision::Scale().SimilarityOf(std::cos(85 * std::acos(-1.0) / 180)), 1e-3);
  EXPECT_TRUE(outcome.has_faces);
  EXPECT_THAT(Associate("u", {near}).changed, IsEmpty()) << "it is there already";
  EXPECT_THAT(Associate("u", {far}, 0).changed, ElementsAre(far)) << "0 admits everyone";
  // While a user has no face there is nothing to compare with.
  User("new", {});
  EXPECT_THAT(Associate("new", {Face(10), Face(100)}, 100).refused, IsEmpty());

  const auto freed = Free("u", {unknown, others, near, Face(3)});
  EXPECT_THAT(freed.changed, ElementsAre(near));
  ASSERT_EQ(freed.refused.size(), 2u);
  EXPECT_EQ(freed.refused[1].user_id, "other");
  EXPECT_EQ(collections_->ListFaces({"a", 0, 0, {near}, ""})->items[0].user_id, "");
}

TEST_F(UsersTest, HaveAHundredFacesAtMost) {
  User("u", {});
  std::vector<std::string> faces;
  for (std::size_t i = 0; i < kMaxFacesOfUser; ++i) faces.push_back(Face(1));
  const std::string one_more = Face(1);
  Associate("u", {one_more});
  const auto full = collections_->AssociateFaces(kCaller, {{"a", "u", ""}, faces});
  EXPECT_EQ(full.error().code(), Code::kExhausted);
  EXPECT_EQ(collections_->ListUsers("a")->items[0].face_count, 1u) << "all or nothing";
  Free("u", {one_more});
  EXPECT_EQ(Associate("u", faces).changed.size(), kMaxFacesOfUser);
  faces.push_back(one_more);
  EXPECT_EQ(collections_->AssociateFaces(kCaller, {{"a", "u", ""}, faces}).error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(collections_->AssociateFaces(kCaller, {{"a", "u", ""}, {}}).error().code(),
            Code::kInvalidArgument);
}

TEST_F(UsersTest, AFaceOfAUserIsNotDeleted) {
  User("u", {0});
  const StoredFace face = collections_->ListFaces({"a", 0, 0, {}, "u"})->items.at(0);
  const std::string other = Face(1), unknown = RandomUuid();
  EXPECT_EQ(face.user_id, "u");
  const auto outcome = collections_->DeleteFaces(kCaller, "a", {face.face_id, unknown, other});
  ASSERT_TRUE(outcome);
  EXPECT_THAT(outcome->deleted, ElementsAre(other));
  EXPECT_THAT(outcome->not_found, ElementsAre(unknown));
  ASSERT_EQ(outcome->associated.size(), 1u);
  EXPECT_EQ(outcome->associated[0].user_id, "u");
  ASSERT_TRUE(collections_->DeleteUser(kCaller, {"a", "u", ""}));
  EXPECT_THAT(collections_->DeleteFaces(kCaller, "a", {face.face_id})->deleted,
              ElementsAre(face.face_id));
}

TEST_F(UsersTest, FacesAreListedByUser) {
  User("u", {0, 1, 2});
  User("v", {3});
  const auto page = collections_->ListFaces({"a", 0, 2, {}, "u"});
  ASSERT_TRUE(page && page->next);
  EXPECT_EQ(page->items.size(), 2u);
  const auto rest = collections_->ListFaces({"a", *page->next, 2, {}, "u"});
  EXPECT_EQ(rest->items.size(), 1u);
  EXPECT_FALSE(rest->next);
  const std::string of_v = collections_->ListFaces({"a", 0, 0, {}, "v"})->items[0].face_id;
  const auto both = collections_->ListFaces({"a", 0, 0, {of_v, rest->items[0].face_id}, "u"});
  ASSERT_EQ(both->items.size(), 1u);
  EXPECT_EQ(both->items[0].face_id, rest->items[0].face_id);
  EXPECT_EQ(collections_->ListFaces({"a", 0, 0, {}, "none"}).error().code(), Code::kNotFound);
  EXPECT_EQ(collections_->ListFaces({"a", 0, 0, {of_v}, "none"}).error().code(), Code::kNotFound);
}

TEST_F(UsersTest, TheSameTokenHasTheSameAnswerAcrossRestarts) {
  ASSERT_TRUE(collections_->CreateUser(kCaller, {"a", "u", "t"}));
  EXPECT_TRUE(collections_->CreateUser(kCaller, {"a", "u", "t"}));
  EXPECT_EQ(collections_->CreateUser(kCaller, {"a", "v", "t"}).error().code(),
            Code::kAlreadyExists);
  EXPECT_EQ(collections_->CreateUser({"AKOTHER"}, {"a", "u", "t"}).error().code(), Code::kConflict)
      << "tokens are the caller's own";
  User("other", {90});
  const std::string others = collections_->ListFaces({"a", 0, 0, {}, "other"})->items[0].face_id;
  const std::vector<std::string> asked{Face(0), others, RandomUuid(), Face(5)};
  const auto first = Associate("u", asked, 75, "t");
  EXPECT_EQ(first.changed.size(), 2u);
  Free("u", first.changed);
  Open();
  const auto again = Associate("u", asked, 75, "t");
  EXPECT_EQ(again.changed, first.changed);
  ASSERT_EQ(again.refused.size(), 2u);
  EXPECT_EQ(again.refused[0].user_id, "other");
  EXPECT_EQ(again.refused[1].reason, AssociationRefusal::kFaceNotFound);
  EXPECT_EQ(collections_->ListUsers("a")->items[0].face_count, 0u) << "it had no second effect";
  for (const AssociateRequest& other : {AssociateRequest{{"a", "u", "t"}, asked, 76},
                                        AssociateRequest{{"a", "other", "t"}, asked, 75},
                                        AssociateRequest{{"a", "u", "t"}, {asked[0]}, 75}}) {
    EXPECT_EQ(collections_->AssociateFaces(kCaller, other).error().code(), Code::kAlreadyExists);
  }
  // Another operation's tokens are others.
  EXPECT_TRUE(collections_->DisassociateFaces(kCaller, {{"a", "u", "t"}, asked}));
  EXPECT_TRUE(collections_->DeleteUser(kCaller, {"a", "u", "t"}));
  EXPECT_TRUE(collections_->DeleteUser(kCaller, {"a", "u", "t"}));
  EXPECT_EQ(collections_->DeleteUser(kCaller, {"a", "u", "x"}).error().code(), Code::kNotFound);
  clock_.now += kTokenLifetime;
  EXPECT_EQ(collections_->DeleteUser(kCaller, {"a", "u", "t"}).error().code(), Code::kNotFound);
}

TEST_F(UsersTest, AreHeldToTheLimits) {
  for (const char* id : {"", "a b", "a/b", "\xC3\xA4"}) {
    EXPECT_EQ(collections_->CreateUser(kCaller, {"a", id, ""}).error().code(),
              Code::kInvalidArgument)
        << id;
  }
  EXPECT_TRUE(collections_->CreateUser(kCaller, {"a", std::string(128, ':'), ""}));
  EXPECT_FALSE(collections_->CreateUser(kCaller, {"a", std::string(129, 'x'), ""}));
  EXPECT_EQ(collections_->ListUsers("a", 0, 501).error().code(), Code::kInvalidArgument);
  Open(kModel, {.gallery = {}, .max_users = 1});
  EXPECT_EQ(collections_->CreateUser(kCaller, {"a", "u", ""}).error().code(), Code::kExhausted);
  // Another pack's templates cannot be compared; what needs none goes on.
  Open({"pack-b", "hash-b", "2.0", 2});
  EXPECT_EQ(collections_->AssociateFaces(kCaller, {{"a", "u", ""}, {RandomUuid()}}).error().code(),
            Code::kConflict);
  EXPECT_EQ(collections_->SearchUsers(kCaller, {"a", "u", ""}).error().code(), Code::kConflict);
  EXPECT_TRUE(collections_->CreateUser(kCaller, {"a", "u", ""}));
  EXPECT_TRUE(collections_->DisassociateFaces(kCaller, {{"a", "u", ""}, {RandomUuid()}}));
}

TEST_F(UsersTest, TagsAreCheckedOnEveryWayIn) {
  ASSERT_TRUE(collections_->Create(kCaller, "b", Keep::kNone, {{"team", "blue"}}));
  ASSERT_TRUE(collections_->Tag(kCaller, "b", {{"\xC3\xA4", std::string(256, 'x')}}));
  ASSERT_TRUE(collections_->Untag(kCaller, "b", {"team"}));
  EXPECT_EQ(collections_->ListTags("b")->size(), 1u);
  for (const Tags& tags : {Tags{{"", ""}}, Tags{{"aws:x", ""}}, Tags{{std::string(129, 'x'), ""}},
                           Tags{{"x", std::string(257, 'x')}}}) {
    EXPECT_EQ(collections_->Tag(kCaller, "b", tags).error().code(), Code::kInvalidArgument);
    EXPECT_EQ(collections_->Create(kCaller, "c", Keep::kNone, tags).error().code(),
              Code::kInvalidArgument);
  }
}

// A user that is there throughout is found by every search, while its faces come and go.
TEST_F(UsersTest, ASearchSeesAUserBeforeOrAfterAChange) {
  User("u", {0});
  const std::string second = Face(2), probe = Face(1);
  std::atomic<bool> stop = false;
  std::atomic<int> searches = 0, missed = 0;
  std::thread searcher([&] {
    while (!stop) {
      const auto found = collections_->SearchUsers(kCaller, {"a", "", probe});
      missed += found && found->matches.size() == 1 ? 0 : 1;
      ++searches;
    }
  });
  for (int i = 0; i < 20 || searches < 50; ++i) {
    Associate("u", {second});
    Free("u", {second});
  }
  stop = true;
  searcher.join();
  EXPECT_EQ(missed, 0);
}

}  // namespace
}  // namespace candid::collections
