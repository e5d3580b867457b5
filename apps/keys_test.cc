#include "apps/keys.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "candid/base/files.h"

namespace candid::apps {
namespace {

class KeysTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("candid_keys_" + std::to_string(::getpid()));
};

TEST_F(KeysTest, KeepsWhatItMakesForTheOwnerOnly) {
  EXPECT_TRUE(ReadKeys(folder_)->empty());
  const auto first = CreateKey(folder_);
  const auto second = CreateKey(folder_);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->id.size(), 20u);
  EXPECT_EQ(first->secret.size(), 40u);
  EXPECT_NE(first->secret, second->secret);
  const auto keys = ReadKeys(folder_);
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ((*keys)[0].secret, first->secret);
  EXPECT_EQ((*keys)[1].id, second->id);
  const auto permissions = std::filesystem::status(folder_ / "keys").permissions();
  EXPECT_EQ(static_cast<unsigned>(permissions) & 0777, 0600u);
}

TEST_F(KeysTest, NamesTheDamagedLine) {
  ASSERT_TRUE(CreateKey(folder_));
  auto contents = *ReadFile(folder_ / "keys", 1000);
  const std::string_view bad = "short\n";
  contents.insert(contents.end(), bad.begin(), bad.end());
  ASSERT_TRUE(WriteFileDurably(folder_ / "keys", contents));
  const auto keys = ReadKeys(folder_);
  ASSERT_FALSE(keys);
  EXPECT_EQ(keys.error().code(), Code::kCorrupt);
  EXPECT_NE(keys.error().message().find("line 2"), std::string::npos);
  EXPECT_FALSE(CreateKey(folder_)) << "must not overwrite what it cannot read";
}

TEST_F(KeysTest, SecretStaysTheSame) {
  const auto first = ReadOrMakeSecret(folder_ / "paging_secret", 32);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size(), 32u);
  EXPECT_EQ(*ReadOrMakeSecret(folder_ / "paging_secret", 32), *first);
  EXPECT_EQ(ReadOrMakeSecret(folder_ / "paging_secret", 16).error().code(), Code::kCorrupt);
}

}  // namespace
}  // namespace candid::apps
