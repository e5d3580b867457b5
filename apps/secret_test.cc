#include "apps/secret.h"

#include <gtest/gtest.h>

#include "candid/base/ids.h"

namespace candid::apps {
namespace {

TEST(Secret, StaysTheSameForTheOwnerOnly) {
  const auto folder = std::filesystem::path(testing::TempDir()) / RandomUuid();
  std::filesystem::create_directories(folder);
  const auto file = folder / "paging_secret";
  const auto first = ReadOrMakeSecret(file, 32);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size(), 32u);
  EXPECT_EQ(*ReadOrMakeSecret(file, 32), *first);
  EXPECT_EQ(static_cast<unsigned>(std::filesystem::status(file).permissions()) & 0777, 0600u);
  EXPECT_EQ(ReadOrMakeSecret(file, 16).error().code(), Code::kCorrupt);
  EXPECT_EQ(ReadOrMakeSecret(file, 64).error().code(), Code::kCorrupt);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace candid::apps
