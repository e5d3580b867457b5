#include <array>

#include "candid/store/testing_store.h"

namespace candid::store {
namespace {

class UsersTest : public TestingStore {
 protected:
  RowId Face(const std::string& collection, float left) {
    return Record(collection, {left}, RandomUuid())->front().face.row;
  }
  UserNumber User(const std::string& collection, const std::string& id) {
    EXPECT_TRUE(store_->CreateUser(collection, id, 1000, {}, {}));
    return store_->FindUser(collection, id)->number;
  }
  Status Associate(UserNumber user, std::vector<RowId> faces) {
    return store_->AssociateFaces("a", user, faces, {}, {}, {});
  }
  std::vector<UserNumber> WithFaces(const std::string& collection) {
    std::vector<UserNumber> users;
    EXPECT_TRUE(store_->ReadUserFaces(
        collection, [&](UserNumber user, const std::vector<UserFace>& faces) -> Status {
          EXPECT_FALSE(faces.empty());
          users.push_back(user);
          return {};
        }));
    return users;
  }
  static RequestToken Token(std::string_view name, std::string_view request, int hour = 0) {
    return {Sha256(AsBytes(name)), Sha256(AsBytes(request)), Time(std::chrono::hours(hour)),
            Time(std::chrono::hours(hour + 24))};
  }
};

TEST_F(UsersTest, AreCountedFoundAndListedInOrderOfCreation) {
  Create("a");
  Create("b");
  User("a", "zoe");
  const UserNumber second = User("a", "ann");
  User("b", "zoe");
  Open();
  EXPECT_EQ(store_->FindCollection("a")->user_count, 2u);
  EXPECT_EQ(store_->CreateUser("a", "zoe", 9, {}, {}).error().code(), Code::kConflict);
  EXPECT_EQ(store_->CreateUser("a", "new", 2, {}, {}).error().code(), Code::kExhausted);
  EXPECT_EQ(store_->CreateUser("none", "zoe", 9, {}, {}).error().code(), Code::kNotFound);
  EXPECT_EQ(store_->FindUser("a", "none").error().message(), "The user id: none does not exist");
  const auto page = store_->ListUsers("a", 0, 1);
  ASSERT_TRUE(page && page->next);
  EXPECT_EQ(page->items.at(0).user_id, "zoe");
  const auto rest = store_->ListUsers("a", *page->next, 1);
  EXPECT_EQ(rest->items.at(0).user_id, "ann");
  EXPECT_FALSE(rest->next);
  ASSERT_TRUE(store_->DeleteUser("a", "ann", {}, {}));
  EXPECT_EQ(store_->DeleteUser("a", "ann", {}, {}).error().code(), Code::kNotFound);
  EXPECT_GT(User("a", "ann"), second) << "numbers are not used again";
  EXPECT_EQ(store_->FindCollection("a")->user_count, 2u);
}

TEST_F(UsersTest, HaveFacesUntilEitherGoes) {
  Create("a");
  const UserNumber ann = User("a", "ann"), bob = User("a", "bob");
  const RowId first = Face("a", 0.1f), second = Face("a", 0.5f), third = Face("a", 0.7f);
  ASSERT_TRUE(Associate(ann, {first, second}));
  ASSERT_TRUE(Associate(bob, {third}));
  EXPECT_FALSE(Associate(bob, {first})) << "a face is one user's";
  Open();
  const auto faces = store_->FacesOfUser("a", ann);
  ASSERT_EQ(faces->size(), 2u);
  EXPECT_EQ((*faces)[0].row, first);
  EXPECT_EQ((*faces)[1].vector, (std::vector<float>{0.5f, 1}));
  EXPECT_EQ((*faces)[1].figures.deviation, 1);
  EXPECT_EQ((*faces)[1].usefulness, 1);
  EXPECT_EQ(WithFaces("a"), (std::vector{ann, bob}));
  EXPECT_EQ(store_->FacesAt(std::array{third})->at(0).user_id, "bob");
  EXPECT_EQ(store_->ListFaces("a", 0, 9)->items.at(0).user_id, "ann");
  EXPECT_EQ(store_->UsersAt(std::array{bob, ann, bob + 9})->at(1).face_count, 2u);
  const auto page = store_->ListFacesOfUser("a", "ann", 0, 1);
  ASSERT_TRUE(page && page->next);
  EXPECT_EQ(store_->ListFacesOfUser("a", "ann", *page->next, 1)->items.at(0).row, second);

  ASSERT_TRUE(store_->DisassociateFaces("a", ann, std::array{second, third}, {}, {}, {}));
  EXPECT_EQ(store_->FacesOfUser("a", ann)->size(), 1u);
  EXPECT_EQ(store_->FacesOfUser("a", bob)->size(), 1u) << "another's face is left to it";
  const std::string face_id = store_->FacesAt(std::array{first})->at(0).face_id;
  ASSERT_TRUE(store_->DeleteFaces("a", {face_id}, {}));
  EXPECT_TRUE(store_->FacesOfUser("a", ann)->empty());
  ASSERT_TRUE(store_->DeleteUser("a", "bob", {}, {}));
  EXPECT_EQ(store_->FacesAt(std::array{third})->at(0).user_id, "") << "faces outlive their user";
  EXPECT_TRUE(WithFaces("a").empty());
}

TEST_F(UsersTest, ATokenMakesARepeatedCallHarmless) {
  Create("a");
  const RequestToken token = Token("t", "create ann");
  ASSERT_TRUE(store_->CreateUser("a", "ann", 9, token, {}));
  Open();
  EXPECT_TRUE(store_->CreateUser("a", "ann", 9, token, {}));
  EXPECT_EQ(store_->FindCollection("a")->user_count, 1u);
  EXPECT_EQ(store_->CreateUser("a", "bob", 9, Token("t", "create bob"), {}).error().code(),
            Code::kAlreadyExists);
  EXPECT_TRUE(store_->CreateUser("a", "bob", 9, Token("t", "create bob", 24), {}))
      << "a day later it is forgotten";
  const RequestToken other = Token("d", "delete bob");
  EXPECT_TRUE(store_->DeleteUser("a", "bob", other, {})->has_value());
  EXPECT_FALSE(store_->DeleteUser("a", "bob", other, {})->has_value());
}

TEST_F(UsersTest, AnswersAreKeptWithWhatTheyAnswerOrNotAtAll) {
  Create("a");
  const UserNumber ann = User("a", "ann");
  const RowId face = Face("a", 0.1f);
  const RequestToken token = Token("t", "associate");
  EXPECT_FALSE(store_->FindAnswer(token)->has_value());
  const Bytes answer{7, 8};
  ASSERT_TRUE(store_->AssociateFaces("a", ann, std::array{face}, token, answer, {}));
  EXPECT_EQ(*store_->FindAnswer(token), answer);
  EXPECT_EQ(store_->FindAnswer(Token("t", "else")).error().code(), Code::kAlreadyExists);
  // A face that is taken undoes the whole call.
  EXPECT_FALSE(store_->AssociateFaces("a", ann, std::array{face}, Token("u", "x"), answer, {}));
  EXPECT_FALSE(store_->FindAnswer(Token("u", "x"))->has_value());
  ASSERT_TRUE(store_->DeleteCollection("a", {}));
  EXPECT_FALSE(store_->FindAnswer(token)->has_value()) << "goes with its collection";
}

// However many there were, those whose time is over go while others come.
TEST_F(UsersTest, TokensDoNotPileUp) {
  Create("a");
  const auto create = [&](int i, int hour) {
    const std::string name = std::to_string(i);
    return store_->CreateUser("a", name, 1000, Token(name, name, hour), {});
  };
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(create(i, 0));
  for (int i = 100; i < 110; ++i) ASSERT_TRUE(create(i, 30));
  for (int i = 0; i < 100; ++i) {
    const std::string name = std::to_string(i);
    EXPECT_FALSE(store_->FindAnswer(Token(name, name))->has_value()) << i;
  }
}

TEST_F(UsersTest, KeepTheirFacesThroughAnotherModel) {
  Create("a");
  const UserNumber ann = User("a", "ann");
  const RowId stays = Face("a", 0.1f), lost = Face("a", 0.5f);
  ASSERT_TRUE(Associate(ann, {stays, lost}));
  ASSERT_TRUE(store_->StageTemplates("a", {{stays}, {1, 2, 3}, {{}}}));
  ASSERT_TRUE(store_->SwitchModel("a", {"other", "other hash", "2.0", 3}, true, {}));
  const auto faces = store_->FacesOfUser("a", ann);
  ASSERT_EQ(faces->size(), 1u);
  EXPECT_EQ(faces->front().vector, (std::vector<float>{1, 2, 3}));
}

}  // namespace
}  // namespace candid::store
