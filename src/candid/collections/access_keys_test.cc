#include "candid/collections/access_keys.h"

#include <gtest/gtest.h>

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
    keys_ = std::move(*AccessKeys::Load(*store_));
  }

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

TEST_F(AccessKeysTest, DisabledAndDeletedKeysOpenNothingAtOnce) {
  const auto key = keys_->Create("");
  ASSERT_TRUE(key);
  ASSERT_TRUE(keys_->SetEnabled(key->id, false));
  EXPECT_EQ(keys_->Secret(key->id).error().code(), Code::kUnauthenticated);
  Open();
  EXPECT_FALSE(keys_->Secret(key->id));
  ASSERT_TRUE(keys_->SetEnabled(key->id, true));
  EXPECT_EQ(*keys_->Secret(key->id), key->secret);
  ASSERT_TRUE(keys_->Delete(key->id));
  EXPECT_FALSE(keys_->Secret(key->id));
  EXPECT_TRUE(keys_->List()->empty());
  EXPECT_EQ(keys_->Delete(key->id).error().code(), Code::kNotFound);
  EXPECT_EQ(keys_->SetEnabled(key->id, true).error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace candid::collections
