#include "candid/store/vault.h"

#include <gtest/gtest.h>

#include "candid/base/ids.h"

namespace candid::store {
namespace {

class VaultTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / RandomUuid();
  std::filesystem::path file_ = folder_ / "candid.key";
};

TEST_F(VaultTest, OpensWhatItSealedAlsoFromItsFile) {
  EXPECT_EQ(Vault::Open(file_).error().code(), Code::kNotFound);
  const auto made = Vault::Create(file_);
  ASSERT_TRUE(made);
  const auto opened = Vault::Open(file_);
  ASSERT_TRUE(opened);
  for (const std::string secret : {"", "s", "a secret of forty characters, as they are"}) {
    EXPECT_EQ(*opened->Unseal("name", *made->Seal("name", secret)), secret);
  }
  EXPECT_EQ(std::filesystem::status(file_).permissions(), std::filesystem::perms(0600));
}

TEST_F(VaultTest, SealsTheSameSecretDifferentlyEachTime) {
  const auto vault = Vault::Create(file_);
  EXPECT_NE(*vault->Seal("name", "secret"), *vault->Seal("name", "secret"));
}

TEST_F(VaultTest, OpensNothingThatWasChanged) {
  const auto vault = Vault::Create(file_);
  const Bytes sealed = *vault->Seal("name", "secret");
  EXPECT_FALSE(vault->Unseal("other", sealed));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    EXPECT_EQ(vault->Unseal("name", changed).error().code(), Code::kCorrupt) << i;
    EXPECT_FALSE(vault->Unseal("name", ByteSpan(sealed).first(i))) << i;
  }
}

TEST_F(VaultTest, NamesTheFileOfAWrongMasterKey) {
  const Bytes sealed = *Vault::Create(file_)->Seal("name", "secret");
  const auto other = Vault::Create(file_)->Unseal("name", sealed);
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message().find(file_.string()), std::string::npos);
  std::filesystem::resize_file(file_, 31);
  EXPECT_EQ(Vault::Open(file_).error().code(), Code::kCorrupt);
  std::filesystem::resize_file(file_, 33);
  EXPECT_EQ(Vault::Open(file_).error().code(), Code::kCorrupt);
}

}  // namespace
}  // namespace candid::store
