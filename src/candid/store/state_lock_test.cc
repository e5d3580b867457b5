#include "candid/store/state_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "candid/base/ids.h"

namespace candid::store {
namespace {

TEST(StateLock, NamesTheHolderAndIsFreeAfterwards) {
  const auto folder = std::filesystem::path(testing::TempDir()) / RandomUuid();
  std::filesystem::create_directories(folder);
  auto first = StateLock::Take(folder);
  ASSERT_TRUE(first);
  const auto second = StateLock::Take(folder);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kConflict);
  EXPECT_NE(second.error().message().find(std::to_string(::getpid())), std::string::npos);
  first->reset();
  EXPECT_TRUE(StateLock::Take(folder));
  std::filesystem::remove_all(folder);
}

TEST(StateLock, SaysWhereItCannotWrite) {
  EXPECT_EQ(StateLock::Take("/nonexistent/folder").error().code(), Code::kIo);
}

}  // namespace
}  // namespace candid::store
