#include "candid/store/testing_store.h"

namespace candid::store {
namespace {

class KeysTest : public TestingStore {
 protected:
  Status Add(const std::string& id, const std::string& secret) {
    return store_->AddKey({id, Time(std::chrono::microseconds(7)), true, "note"}, secret,
                          {{}, "", "CreateKey", "", "ok", 0, 0});
  }
  std::filesystem::path master() const { return folder_ / "candid.key"; }
};

TEST_F(KeysTest, RemembersKeysInOrderOfCreation) {
  EXPECT_FALSE(std::filesystem::exists(master()));
  ASSERT_TRUE(Add("b", "secret b"));
  ASSERT_TRUE(Add("a", "secret a"));
  EXPECT_EQ(Add("a", "other").error().code(), Code::kAlreadyExists);
  Open();
  const auto keys = store_->ListKeys();
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ((*keys)[0].id, "b");
  EXPECT_EQ((*keys)[0].note, "note");
  EXPECT_EQ((*keys)[0].created, Time(std::chrono::microseconds(7)));
  EXPECT_EQ(*store_->KeySecret("a"), "secret a");
  EXPECT_EQ(*store_->KeySecret("b"), "secret b");
}

TEST_F(KeysTest, DisablesAndRevokes) {
  ASSERT_TRUE(Add("a", "secret"));
  ASSERT_TRUE(store_->SetKeyEnabled("a", false, {}));
  EXPECT_FALSE(store_->ListKeys()->front().enabled);
  ASSERT_TRUE(store_->SetKeyEnabled("a", true, {}));
  ASSERT_TRUE(store_->RevokeKey("a", {}));
  EXPECT_TRUE(store_->ListKeys()->front().revoked);
  EXPECT_FALSE(store_->ListKeys()->front().enabled);
  EXPECT_EQ(store_->KeySecret("a").error().code(), Code::kConflict);
  EXPECT_EQ(store_->SetKeyEnabled("a", true, {}).error().code(), Code::kConflict);
  EXPECT_EQ(store_->SetKeyPolicy("a", {}, {}, {}).error().code(), Code::kConflict);
  EXPECT_EQ(store_->RevokeKey("a", {}).error().code(), Code::kConflict);
  EXPECT_EQ(store_->KeySecret("b").error().code(), Code::kNotFound);
  EXPECT_EQ(store_->SetKeyEnabled("b", true, {}).error().code(), Code::kNotFound);
  EXPECT_EQ(store_->RevokeKey("b", {}).error().code(), Code::kNotFound);
  // The refused calls left no line.
  EXPECT_EQ(store_->ListAudit(0, 10)->items.size(), 4u);
}

TEST_F(KeysTest, RemembersPolicies) {
  const Policy policy{{"Search*", "DetectFaces"}, {"door-*"}, true, 2.5, 7};
  const Time expires(std::chrono::microseconds(99));
  ASSERT_TRUE(store_->AddKey({"a", {}, true, "", policy, expires}, "secret", {}));
  ASSERT_TRUE(Add("b", "secret"));
  Open();
  EXPECT_EQ(store_->ListKeys()->at(0).policy, policy);
  EXPECT_EQ(store_->ListKeys()->at(0).expires, expires);
  EXPECT_EQ(store_->ListKeys()->at(1).policy, Policy{});
  EXPECT_FALSE(store_->ListKeys()->at(1).expires);
  ASSERT_TRUE(store_->SetKeyPolicy("a", {}, std::nullopt, {}));
  EXPECT_EQ(store_->ListKeys()->at(0).policy, Policy{});
  EXPECT_FALSE(store_->ListKeys()->at(0).expires);
}

TEST_F(KeysTest, EveryChangeRaisesTheRevision) {
  std::uint64_t last = *store_->KeysRevision();
  const auto rises = [&](const Status& change) {
    const std::uint64_t before = std::exchange(last, *store_->KeysRevision());
    return change && last > before;
  };
  EXPECT_TRUE(rises(Add("a", "secret")));
  EXPECT_TRUE(rises(store_->SetKeyEnabled("a", false, {})));
  EXPECT_TRUE(rises(store_->SetKeyPolicy("a", {{"*"}, {}, false, 0, 0}, {}, {})));
  EXPECT_TRUE(rises(Add("b", "secret")));
  EXPECT_TRUE(rises(store_->RevokeKey("a", {})));
}

// Two stores on one folder, as a server and a command have it: flock knows them apart.
TEST_F(KeysTest, KeysCanBeChangedBesideAServer) {
  Create("c");
  const auto beside = Store::Open(folder_, {.access = Access::kBeside});
  ASSERT_TRUE(beside) << beside.error().message();
  ASSERT_TRUE((*beside)->AddKey({"a", {}, true, ""}, "secret", {}));
  EXPECT_EQ(*store_->KeySecret("a"), "secret");
  ASSERT_TRUE(Add("b", "secret"));
  ASSERT_TRUE((*beside)->RevokeKey("b", {}));
  EXPECT_EQ((*beside)->DeleteCollection("c", {}).error().code(), Code::kConflict);
  EXPECT_EQ((*beside)->CreateCollection({"d", {}, {}, {}, 0}, {}).error().code(), Code::kConflict);
  EXPECT_TRUE(store_->VerifyAudit()->flaws.empty()) << "one chain of two writers";
  EXPECT_EQ(store_->VerifyAudit()->lines, 4u);
}

TEST_F(KeysTest, BesideNobodyIsAStoreLikeAnyOther) {
  Open({.access = Access::kBeside});
  Create("c");
  EXPECT_EQ(Store::Open(folder_, {}).error().code(), Code::kConflict);
}

TEST_F(KeysTest, NamesALostMasterKeyAndMakesNoOther) {
  ASSERT_TRUE(Add("a", "secret"));
  std::filesystem::remove(master());
  for (const Error& error : {store_->KeySecret("a").error(), Add("b", "secret").error()}) {
    EXPECT_EQ(error.code(), Code::kCorrupt);
    EXPECT_NE(error.message().find(master().string()), std::string::npos);
  }
  EXPECT_FALSE(std::filesystem::exists(master()));
  ASSERT_TRUE(store_->RevokeKey("a", {}));
  ASSERT_TRUE(Add("b", "secret"));
  EXPECT_EQ(*store_->KeySecret("b"), "secret");
}

TEST_F(KeysTest, RefusesToMixMasterKeys) {
  ASSERT_TRUE(Add("a", "secret"));
  std::ofstream(master(), std::ios::binary) << std::string(32, 'k');
  EXPECT_EQ(store_->KeySecret("a").error().code(), Code::kCorrupt);
  EXPECT_EQ(Add("b", "secret").error().code(), Code::kCorrupt);
}

TEST_F(KeysTest, NoSecretLiesOpenInTheFolder) {
  const std::string secret = "forty characters that must not be found.";
  ASSERT_TRUE(Add("a", secret));
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    EXPECT_EQ(Contents(entry.path()).find(secret), std::string::npos) << entry.path();
    EXPECT_EQ(entry.status().permissions(), std::filesystem::perms(0600)) << entry.path();
  }
}

TEST_F(KeysTest, PagesTheTrail) {
  for (int i = 0; i < 5; ++i) {
    store_->Audit({Time(std::chrono::microseconds(i)), "k", "DetectFaces", "c", "ok", 1, 2});
  }
  ASSERT_TRUE(store_->Flush());
  const auto first = store_->ListAudit(0, 3);
  ASSERT_TRUE(first && first->next);
  const auto second = store_->ListAudit(*first->next, 3);
  ASSERT_EQ(second->items.size(), 2u);
  EXPECT_FALSE(second->next);
  const AuditEntry& last = second->items[1].entry;
  EXPECT_EQ(last.time, Time(std::chrono::microseconds(4)));
  EXPECT_EQ(last.key_id + last.operation + last.collection + last.outcome, "kDetectFacescok");
  EXPECT_EQ(last.affected, 1u);
  EXPECT_EQ(last.refused, 2u);
}

}  // namespace
}  // namespace candid::store
