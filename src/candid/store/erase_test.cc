// A delete is a delete: what was erased is in no file of the folder any more, whole or in part.

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <thread>
#include <unordered_map>

#include "candid/store/testing_store.h"

namespace candid::store {
namespace {

class EraseTest : public TestingStore {
 protected:
  static constexpr std::size_t kFloats = 64;
  static constexpr std::size_t kPiece = 16;  // bytes that say whose they are

  struct Person {
    std::string id;
    Bytes secret;  // template, crop and picture
  };

  void Make(const std::string& id) {
    ASSERT_TRUE(
        store_->CreateCollection({id, {}, {"pack", "hash", "1.0", kFloats}, Keep::kImages, 0}, {}));
  }

  Bytes Random(std::size_t size) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_());
    return bytes;
  }

  Person Add(const std::string& collection) {
    // Pictures that fit a page and such that need many.
    const Bytes crop = Random(40 + random_() % 6000);
    const Bytes picture = Random(40 + random_() % 12000);
    std::vector<float> vector(kFloats);
    for (float& value : vector) value = std::uniform_real_distribution<float>(-1, 1)(random_);
    const auto recorded =
        store_->RecordImage(collection, "hash", {RandomUuid(), "x", {}, 9, 9, picture},
                            {{{}, {0, 0, 1, 1}, 1, 1, vector, {}, crop}}, 1'000'000, {});
    EXPECT_TRUE(recorded) << recorded.error().message();
    Person person{recorded->front().face.face_id, crop};
    person.secret.insert(person.secret.end(), picture.begin(), picture.end());
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(vector.data());
    person.secret.insert(person.secret.end(), bytes, bytes + kFloats * sizeof(float));
    return person;
  }

  // Somebody with an id and a tag that say whose they are, and a face.
  Person AddUser(const std::string& collection) {
    Person person = Add(collection);
    const Bytes id = Random(kPiece * 2), value = Random(kPiece * 2);
    const std::string user(AsText(id));
    const RequestToken token{Sha256(id), Sha256(value), {}, Time(std::chrono::hours(1))};
    EXPECT_TRUE(store_->CreateUser(collection, user, 1'000'000, token, {}));
    const RowId face = store_->FindFaces(collection, {person.id})->front().row;
    const auto number = store_->FindUser(collection, user)->number;
    EXPECT_TRUE(store_->AssociateFaces(collection, number, std::array{face}, {}, {}, {}));
    EXPECT_TRUE(store_->SetTags(collection, {{user, std::string(AsText(value))}}, {}));
    person.secret.insert(person.secret.end(), id.begin(), id.end());
    person.secret.insert(person.secret.end(), value.begin(), value.end());
    return person;
  }

  void Delete(const std::string& collection, const Person& person) {
    const auto gone = store_->DeleteFaces(collection, {person.id}, {});
    ASSERT_TRUE(gone && gone->size() == 1);
  }

  // Every byte that lies in the folder.
  std::string Everything() const {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (entry.is_regular_file()) all += Contents(entry.path());
    }
    return all;
  }

  // How many of these people left at least one piece in `where`.
  static std::size_t Found(const std::vector<Person>& people, const std::string& where) {
    // Pieces of the people by their first bytes: one pass over the files instead of one a piece.
    std::unordered_multimap<std::uint64_t, std::pair<std::size_t, std::size_t>> pieces;
    for (std::size_t who = 0; who < people.size(); ++who) {
      const Bytes& secret = people[who].secret;
      for (std::size_t at = 0; at + kPiece <= secret.size(); at += kPiece) {
        pieces.emplace(Load(secret.data() + at), std::pair(who, at));
      }
    }
    std::vector<bool> found(people.size());
    for (std::size_t at = 0; at + kPiece <= where.size(); ++at) {
      const auto [first, last] = pieces.equal_range(Load(where.data() + at));
      for (auto piece = first; piece != last; ++piece) {
        const auto [who, offset] = piece->second;
        if (std::memcmp(people[who].secret.data() + offset, where.data() + at, kPiece) == 0) {
          found[who] = true;
        }
      }
    }
    return static_cast<std::size_t>(std::count(found.begin(), found.end(), true));
  }

  std::mt19937 random_{7};

 private:
  static std::uint64_t Load(const void* bytes) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes, sizeof(value));
    return value;
  }
};

// Faces come and go in two collections at once, so that pages split, merge and are used again.
TEST_F(EraseTest, LeavesNoPieceInAnyFileNorInALaterBackup) {
  const std::vector<std::string> names{"a", "b"};
  for (const std::string& name : names) Make(name);
  std::vector<Person> gone;
  std::vector<std::vector<Person>> there(2);
  for (int i = 0; i < 300; ++i) {
    const std::size_t which = random_() % 2;
    there[which].push_back(Add(names[which]));
    auto& some = there[random_() % 2];
    if (some.empty() || random_() % 3 == 0) continue;
    std::swap(some[random_() % some.size()], some.back());
    Delete(names[static_cast<std::size_t>(&some - there.data())], some.back());
    gone.push_back(std::move(some.back()));
    some.pop_back();
  }
  ASSERT_GT(gone.size(), 100u);
  EXPECT_EQ(Found(gone, Everything()), 0u);
  EXPECT_EQ(Found(there[0], Everything()), there[0].size()) << "the search would find them";

  ASSERT_TRUE(store_->DeleteCollection("a", {}));
  ASSERT_TRUE(store_->Backup(folder_ / "later.db"));
  EXPECT_EQ(Found(there[0], Everything()), 0u);
  EXPECT_EQ(Found(gone, Everything()), 0u);
  EXPECT_EQ(Found(there[1], Contents(folder_ / "later.db")), there[1].size());
}

// Ids and tags are bytes like any other; random ones, so that they are found by them.
TEST_F(EraseTest, LeavesNoPieceOfUsersAndTags) {
  Make("a");
  Make("b");
  const auto id_of = [](const Person& person) {
    return std::string(AsText(ByteSpan(person.secret).last(kPiece * 4).first(kPiece * 2)));
  };
  const auto name_only = [](Person person) {
    person.secret.erase(person.secret.begin(),
                        person.secret.end() - static_cast<std::ptrdiff_t>(kPiece * 4));
    return person;
  };
  std::vector<Person> gone, stay, of_collection;
  for (int i = 0; i < 40; ++i) {
    gone.push_back(name_only(AddUser("a")));
    stay.push_back(name_only(AddUser("a")));
    of_collection.push_back(AddUser("b"));
  }
  ASSERT_EQ(Found(gone, Everything()), gone.size());
  for (const Person& person : gone) {
    ASSERT_TRUE(store_->DeleteUser("a", id_of(person), {}, {}));
    ASSERT_TRUE(store_->RemoveTags("a", {id_of(person)}, {}));
  }
  EXPECT_EQ(Found(gone, Everything()), 0u);
  EXPECT_EQ(Found(stay, Everything()), stay.size());
  ASSERT_TRUE(store_->DeleteCollection("b", {}));
  EXPECT_EQ(Found(of_collection, Everything()), 0u);
}

TEST_F(EraseTest, WaitsInTheLogForReadersAndNoLonger) {
  Make("a");
  const Person person = Add("a");
  const auto reader = Store::Open(folder_, {Access::kRead});
  ASSERT_TRUE(reader);
  const Status read = (*reader)->ReadTemplates("a", [&](const TemplateBlock&) -> Status {
    Delete("a", person);
    EXPECT_TRUE(store_->FindFaces("a", {person.id})->empty());
    return {};
  });
  ASSERT_TRUE(read) << read.error().message();
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (Found({person}, Everything()) != 0 && std::chrono::steady_clock::now() < patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(Found({person}, Everything()), 0u);
}

TEST_F(EraseTest, ANewModelLeavesNothingOfTheOldTemplates) {
  Make("a");
  Person person = Add("a");
  person.secret.erase(person.secret.begin(),
                      person.secret.end() - static_cast<std::ptrdiff_t>(kFloats * sizeof(float)));
  ASSERT_EQ(Found({person}, Everything()), 1u);
  const RowId row = store_->FindFaces("a", {person.id})->front().row;
  ASSERT_TRUE(store_->StageTemplates("a", {{row}, {1, 2}, {{}}}));
  ASSERT_TRUE(store_->SwitchModel("a", {"other", "other hash", "2.0", 2}, false, {}));
  EXPECT_EQ(Found({person}, Everything()), 0u);
}

}  // namespace
}  // namespace candid::store
