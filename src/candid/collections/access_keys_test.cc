#include "candid/collections/access_keys.h"

#include <gtest/gtest.h>

#include <thread>

#include "candid/base/ids.h"

namespace candid::collections {
namespace {

class AccessKeysTest : public testing::Test {
 protected:
  void SetUp() override { Open(); }
  void TearDown() override {
    keys_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Open() {
    keys_.reset();
    store_.reset();
    store_ = std::move(*store::Store::Open(folder_));
    keys_ = std::move(*AccessKeys::Load(*store_, clock_));
  }

  struct SetClock : Clock {
    Time Now() const override { return time; }
    Time time = Time(std::chrono::seconds(1'800'000'000));
  };

  SetClock clock_;
  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / RandomUuid();
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<AccessKeys> keys_;
};

TEST_F(AccessKeysTest, MakesKeysThatClientsAccept) {
  const auto first = keys_->Create("door");
  const auto second = keys_->Create("");
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(first->id.starts_with("AKCANDID"));
  EXPECT_EQ(first->id.size(), 20u);
  EXPECT_EQ(first->secret.size(), 40u);
  EXPECT_NE(first->id, second->id);
  EXPECT_NE(first->secret, second->secret);
  EXPECT_EQ(keys_->List()->at(0).note, "door");
}

TEST_F(AccessKeysTest, RemembersSecretsAfterARestart) {
  const auto key = keys_->Create("");
  ASSERT_TRUE(key);
  Open();
  EXPECT_EQ(*keys_->Secret(key->id), key->secret);
}

TEST_F(AccessKeysTest, DisabledAndRevokedKeysOpenNothingAtOnce) {
  const auto key = keys_->Create("");
  ASSERT_TRUE(key);
  ASSERT_TRUE(keys_->SetEnabled(key->id, false));
  EXPECT_EQ(keys_->Open(key->id, "").error().code(), Code::kUnauthenticated);
  Open();
  EXPECT_FALSE(keys_->Secret(key->id));
  ASSERT_TRUE(keys_->SetEnabled(key->id, true));
  EXPECT_EQ(keys_->Open(key->id, "")->secret, key->secret);
  ASSERT_TRUE(keys_->Revoke(key->id));
  EXPECT_FALSE(keys_->Open(key->id, ""));
  EXPECT_TRUE(keys_->List()->front().revoked);
  EXPECT_EQ(keys_->Revoke(key->id).error().code(), Code::kConflict);
  EXPECT_EQ(keys_->SetEnabled(key->id, true).error().code(), Code::kConflict);
  EXPECT_EQ(keys_->SetEnabled("nobody", true).error().code(), Code::kNotFound);
}

TEST_F(AccessKeysTest, AnExpiredKeyOpensNothing) {
  const auto key = keys_->Create("", {}, clock_.time + std::chrono::hours(1));
  ASSERT_TRUE(key);
  EXPECT_TRUE(keys_->Open(key->id, ""));
  clock_.time += std::chrono::hours(1);
  EXPECT_EQ(keys_->Open(key->id, "").error().code(), Code::kUnauthenticated);
  EXPECT_EQ(keys_->Create("", {}, clock_.time).error().code(), Code::kInvalidArgument);
}

TEST_F(AccessKeysTest, RotatingLeavesAnOverlap) {
  const Policy policy{{"List*"}, {}, false, 0, 0};
  const auto old = keys_->Create("door", policy);
  const auto fresh = keys_->Rotate(old->id, std::chrono::hours(1));
  ASSERT_TRUE(fresh);
  EXPECT_NE(fresh->id, old->id);
  EXPECT_EQ(keys_->List()->at(1).note, "door");
  EXPECT_EQ(keys_->List()->at(1).policy, policy);
  EXPECT_TRUE(keys_->Open(old->id, "") && keys_->Open(fresh->id, ""));
  clock_.time += std::chrono::hours(1);
  EXPECT_FALSE(keys_->Open(old->id, ""));
  EXPECT_TRUE(keys_->Open(fresh->id, ""));
  ASSERT_TRUE(keys_->Revoke(fresh->id));
  EXPECT_EQ(keys_->Rotate(fresh->id, {}).error().code(), Code::kConflict);
  EXPECT_EQ(keys_->Rotate("nobody", {}).error().code(), Code::kNotFound);
}

TEST_F(AccessKeysTest, ASessionOpensWithItsTokenForItsTime) {
  const auto key = keys_->Create("", {{"List*", "Search*"}, {}, false, 0, 0});
  const auto session =
      keys_->NewSession(key->id, std::chrono::minutes(15), {{}, {"a"}, true, 0, 0});
  ASSERT_TRUE(session) << session.error().message();
  const auto grant = keys_->Open(session->id, session->token);
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->secret, session->secret);
  EXPECT_EQ(grant->key_id, key->id);
  EXPECT_EQ(grant->session, session->id);
  ASSERT_EQ(grant->policies.size(), 2u);
  EXPECT_EQ(grant->policies[0].actions.size(), 2u);
  EXPECT_TRUE(grant->policies[1].read_only);
  // Not without the token, not with another's, and no key with it.
  EXPECT_EQ(keys_->Open(session->id, "").error().code(), Code::kUnauthenticated);
  EXPECT_EQ(keys_->Open(key->id, session->token).error().code(), Code::kUnauthenticated);
  const auto other = keys_->NewSession(key->id, std::chrono::minutes(15), {});
  EXPECT_EQ(keys_->Open(session->id, other->token).error().code(), Code::kUnauthenticated);
  EXPECT_EQ(keys_->Open(session->id, "x").error().code(), Code::kUnauthenticated);
  clock_.time += std::chrono::minutes(15);
  EXPECT_EQ(keys_->Open(session->id, session->token).error().code(), Code::kDeadline);
}

TEST_F(AccessKeysTest, ASessionEndsWithItsKey) {
  const auto key = keys_->Create("");
  const auto session = keys_->NewSession(key->id, std::chrono::minutes(15), {});
  ASSERT_TRUE(keys_->Open(session->id, session->token));
  ASSERT_TRUE(keys_->SetEnabled(key->id, false));
  EXPECT_EQ(keys_->Open(session->id, session->token).error().code(), Code::kUnauthenticated);
  ASSERT_TRUE(keys_->SetEnabled(key->id, true));
  EXPECT_TRUE(keys_->Open(session->id, session->token));
  ASSERT_TRUE(keys_->Revoke(key->id));
  EXPECT_EQ(keys_->Open(session->id, session->token).error().code(), Code::kUnauthenticated);
}

TEST_F(AccessKeysTest, SessionsHaveLimits) {
  const auto key = keys_->Create("");
  for (const std::chrono::minutes length :
       {std::chrono::minutes(0), kMaxSession + std::chrono::minutes(1)}) {
    EXPECT_EQ(keys_->NewSession(key->id, length, {}).error().code(), Code::kInvalidArgument);
  }
  EXPECT_EQ(
      keys_->NewSession(key->id, std::chrono::minutes(1), {{}, {}, false, 1, 1}).error().code(),
      Code::kInvalidArgument);
  EXPECT_EQ(keys_->NewSession("nobody", std::chrono::minutes(1), {}).error().code(),
            Code::kUnauthenticated);
}

TEST_F(AccessKeysTest, ChangesOfAnotherProcessHoldSoon) {
  const auto key = keys_->Create("");
  EXPECT_TRUE(keys_->Open(key->id, ""));
  auto beside = std::move(*store::Store::Open(folder_, {.access = store::Access::kBeside}));
  ASSERT_TRUE((*AccessKeys::Load(*beside))->Revoke(key->id));
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (keys_->Open(key->id, "") && std::chrono::steady_clock::now() < patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(keys_->Open(key->id, "").error().code(), Code::kUnauthenticated);
}

TEST_F(AccessKeysTest, ABucketIsAKeysAndLivesOnThroughOtherChanges) {
  const auto key = keys_->Create("", {{}, {}, false, 0.001, 2});
  EXPECT_TRUE(keys_->Open(key->id, "")->rate->Take());
  EXPECT_TRUE(keys_->Open(key->id, "")->rate->Take());
  ASSERT_TRUE(keys_->Create(""));
  const auto session = keys_->NewSession(key->id, std::chrono::minutes(5), {});
  EXPECT_FALSE(keys_->Open(session->id, session->token)->rate->Take()) << "sessions share it";
  ASSERT_TRUE(keys_->SetPolicy(key->id, {{}, {}, false, 0.001, 3}, std::nullopt));
  EXPECT_TRUE(keys_->Open(key->id, "")->rate->Take());
}

}  // namespace
}  // namespace candid::collections
