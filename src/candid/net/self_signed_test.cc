#include "candid/net/self_signed.h"

#include <gtest/gtest.h>

#include <fstream>

#include "candid/base/files.h"
#include "candid/base/ids.h"
#include "candid/net/tls.h"

namespace candid::net {
namespace {

class SelfSignedTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / RandomUuid();
};

TEST_F(SelfSignedTest, IsMadeOnceAndServes) {
  const auto made = EnsureSelfSigned(folder_ / "tls", "0.0.0.0");
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_TRUE(made->made);
  EXPECT_EQ(made->fingerprint.size(), 32u * 3 - 1);
  EXPECT_GT(made->expires, std::chrono::system_clock::now() + std::chrono::hours(24 * 800));
  EXPECT_TRUE(LoadTls(made->certificate, made->key));
  EXPECT_EQ(std::filesystem::status(made->key).permissions(), std::filesystem::perms(0600));
  EXPECT_EQ(std::filesystem::status(folder_ / "tls").permissions(), std::filesystem::perms(0700));
  const auto again = EnsureSelfSigned(folder_ / "tls", "0.0.0.0");
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->made);
  EXPECT_EQ(again->fingerprint, made->fingerprint);
  const auto other = EnsureSelfSigned(folder_ / "other", "::1");
  EXPECT_NE(other->fingerprint, made->fingerprint);
}

TEST_F(SelfSignedTest, NamesWhatIsMissingOrBroken) {
  const auto made = EnsureSelfSigned(folder_, "127.0.0.1");
  ASSERT_TRUE(made);
  std::filesystem::remove(made->key);
  const auto missing = EnsureSelfSigned(folder_, "127.0.0.1");
  EXPECT_EQ(missing.error().code(), Code::kCorrupt);
  EXPECT_NE(missing.error().message().find("key.pem is missing"), std::string::npos);
  std::ofstream(made->key) << "x";
  std::ofstream(made->certificate) << "x";
  EXPECT_EQ(EnsureSelfSigned(folder_, "127.0.0.1").error().code(), Code::kCorrupt);
}

}  // namespace
}  // namespace candid::net
