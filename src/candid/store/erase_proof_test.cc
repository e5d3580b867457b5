// EraseAndProve: what it says is true, and it says what is left.
#include <gmock/gmock.h>

#include <cstring>
#include <random>

#include "candid/store/erase.h"
#include "candid/store/testing_store.h"

namespace candid::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using What = EraseRequest::What;

class EraseProofTest : public TestingStore {
 protected:
  static constexpr std::size_t kFloats = 64;

  Bytes Random(std::size_t size) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_());
    return bytes;
  }

  struct Person {
    std::string face_id;
    std::vector<float> vector;
    Bytes crop;
    Bytes picture;
  };

  Person New() {
    Person person{RandomUuid(), std::vector<float>(kFloats), Random(3000), Random(9000)};
    for (float& value : person.vector)
      value = std::uniform_real_distribution<float>(-1, 1)(random_);
    return person;
  }

  void Add(const std::string& collection, const Person& person, const std::string& external) {
    (void)store_->CreateCollection(
        {collection, {}, {"pack", "hash", "1.0", kFloats}, Keep::kImages, 0}, {});
    ASSERT_TRUE(store_->RecordImage(
        collection, "hash", {RandomUuid(), external, {}, 9, 9, person.picture},
        {{person.face_id, {0, 0, 1, 1}, 1, 1, person.vector, {}, person.crop}}, 1'000'000, {}));
  }

  Result<EraseStatement> Erase(const EraseRequest& request) {
    store_.reset();
    return EraseAndProve(folder_, request, {Time(), "", "Erase", "", "ok", 0, 0});
  }

  std::string Everything() const {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (entry.is_regular_file()) all += Contents(entry.path());
    }
    return all;
  }

  // Whether anything of them lies in any file, looked for in another way than the product does.
  bool Anywhere(const Person& person) const {
    const std::string all = Everything();
    const std::string_view vector(reinterpret_cast<const char*>(person.vector.data()),
                                  kFloats * sizeof(float));
    for (const std::string_view whole : {vector, AsText(person.crop), AsText(person.picture)}) {
      for (std::size_t at = 0; at + 12 <= whole.size(); at += 12) {
        if (all.find(whole.substr(at, 12)) != all.npos) return true;
      }
    }
    return all.find(person.face_id) != all.npos;
  }

  std::mt19937 random_{11};
};

TEST_F(EraseProofTest, AFaceIsGoneFromEveryFile) {
  const Person gone = New();
  const Person kept = New();
  Add("a", gone, "visitor-0017");
  Add("a", kept, "visitor-0018");
  const auto statement = Erase({What::kFace, gone.face_id, ""});
  ASSERT_TRUE(statement) << statement.error().message();
  EXPECT_TRUE(statement->proven());
  EXPECT_EQ(statement->faces, 1u);
  EXPECT_EQ(statement->crops, 1u);
  EXPECT_EQ(statement->pictures, 1u);
  EXPECT_THAT(statement->collections, ElementsAre("a"));
  EXPECT_GT(statement->pieces, 200u);
  EXPECT_GE(statement->files_searched, 2u);
  EXPECT_FALSE(Anywhere(gone));
  EXPECT_TRUE(Anywhere(kept));
  Open();
  EXPECT_EQ(store_->FindCollection("a")->face_count, 1u);
  EXPECT_TRUE(store_->Check());
  EXPECT_TRUE(store_->VerifyAudit()->flaws.empty());
  EXPECT_EQ(Erase({What::kFace, gone.face_id, ""}).error().code(), Code::kNotFound);
}

TEST_F(EraseProofTest, AnExternalIdIsGoneEverywhereOrInOneCollection) {
  const Person one = New();
  const Person two = New();
  const Person other = New();
  Add("a", one, "visitor-0017");
  Add("b", two, "visitor-0017");
  Add("b", other, "visitor-0018");
  const auto in_a = Erase({What::kExternalImage, "visitor-0017", "a"});
  ASSERT_TRUE(in_a) << in_a.error().message();
  EXPECT_TRUE(in_a->proven());
  EXPECT_FALSE(in_a->id_searched) << "it stays in b";
  EXPECT_FALSE(Anywhere(one));
  EXPECT_TRUE(Anywhere(two));
  const auto everywhere = Erase({What::kExternalImage, "visitor-0017", ""});
  ASSERT_TRUE(everywhere);
  EXPECT_TRUE(everywhere->proven());
  EXPECT_TRUE(everywhere->id_searched);
  EXPECT_EQ(Everything().find("visitor-0017"), std::string::npos);
  EXPECT_TRUE(Anywhere(other));
}

TEST_F(EraseProofTest, ACollectionIsGoneWithItsFaces) {
  const Person one = New();
  const Person other = New();
  Add("a", one, "x");
  Add("b", other, "x");
  const auto statement = Erase({What::kCollection, "a", ""});
  ASSERT_TRUE(statement) << statement.error().message();
  EXPECT_TRUE(statement->proven());
  EXPECT_FALSE(Anywhere(one));
  Open();
  EXPECT_EQ(store_->FindCollection("a").error().code(), Code::kNotFound);
  EXPECT_EQ(store_->FindCollection("b")->face_count, 1u);
}

TEST_F(EraseProofTest, SaysWhereTheSameFaceIsStillStored) {
  const Person one = New();
  Person copy = one;
  copy.face_id = RandomUuid();
  Add("a", one, "x");
  Add("b", copy, "x");
  const auto statement = Erase({What::kFace, one.face_id, ""});
  ASSERT_TRUE(statement) << statement.error().message();
  EXPECT_FALSE(statement->proven());
  EXPECT_THAT(statement->leftovers, IsEmpty());
  EXPECT_THAT(statement->still_stored, testing::Contains("b/" + copy.face_id));
  EXPECT_TRUE(Erase({What::kFace, copy.face_id, ""})->proven());
  EXPECT_FALSE(Anywhere(one));
}

TEST_F(EraseProofTest, FindsWhatSomebodyPutElsewhere) {
  const Person one = New();
  Add("a", one, "x");
  std::filesystem::create_directories(folder_ / "deep/er");
  std::ofstream(folder_ / "deep/er/notes.txt") << "the face " << one.face_id << " is his";
  std::ofstream(folder_ / "copy.bin", std::ios::binary)
      << "..." << std::string(reinterpret_cast<const char*>(one.vector.data()) + 64, 32);
  const auto statement = Erase({What::kFace, one.face_id, ""});
  ASSERT_TRUE(statement) << statement.error().message();
  EXPECT_FALSE(statement->proven());
  EXPECT_THAT(statement->leftovers, ElementsAre(HasSubstr("copy.bin: a piece of a template"),
                                                HasSubstr("notes.txt: an id")));
}

TEST_F(EraseProofTest, ACacheThatHoldsAPieceIsRemoved) {
  const Person one = New();
  Add("a", one, "x");
  std::filesystem::create_directories(folder_ / "eval");
  std::ofstream(folder_ / "eval/his.cache", std::ios::binary)
      << "head" << std::string(reinterpret_cast<const char*>(one.vector.data()), 256);
  std::ofstream(folder_ / "eval/others.cache", std::ios::binary) << "nothing of anybody";
  const auto statement = Erase({What::kFace, one.face_id, ""});
  ASSERT_TRUE(statement) << statement.error().message();
  EXPECT_TRUE(statement->proven());
  EXPECT_THAT(statement->caches_removed, ElementsAre(HasSubstr("his.cache")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "eval/his.cache"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "eval/others.cache"));
  EXPECT_FALSE(Anywhere(one));
}

TEST_F(EraseProofTest, WantsTheFolderForItself) {
  Add("a", New(), "x");
  EXPECT_EQ(EraseAndProve(folder_, {What::kCollection, "a", ""}, {}).error().code(),
            Code::kConflict);
  EXPECT_TRUE(store_->FindCollection("a"));
  for (const What what : {What::kFace, What::kExternalImage, What::kUser, What::kCollection}) {
    EXPECT_EQ(Erase({what, "nobody-0000", ""}).error().code(), Code::kNotFound);
    Open();
  }
}

TEST_F(EraseProofTest, RetentionCountsFromWhenAFaceWasStored) {
  Create("a");
  std::vector<NewFace> face{{{}, {0, 0, 0.1f, 0.1f}, 1, 1, {1, 1}, {}, {}}};
  for (const int second : {10, 20, 30}) {
    AuditEntry line{Time(std::chrono::seconds(second)), "", "IndexFaces", "a", "ok", 0, 0};
    ASSERT_TRUE(
        store_->RecordImage("a", "hash", {RandomUuid(), "x", {}, 9, 9, {}}, face, 10, line));
  }
  EXPECT_EQ(store_->FacesStoredBefore("a", Time(std::chrono::seconds(30)), 10)->size(), 2u);
  EXPECT_EQ(store_->FacesStoredBefore("a", Time(std::chrono::seconds(30)), 1)->size(), 1u);
  EXPECT_TRUE(store_->FacesStoredBefore("a", Time(std::chrono::seconds(10)), 10)->empty());
  ASSERT_TRUE(store_->SetRetention("a", std::chrono::hours(24), {}));
  Open();
  EXPECT_EQ(store_->FindCollection("a")->retention, std::chrono::hours(24));
  EXPECT_EQ(store_->SetRetention("b", {}, {}).error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace candid::store
