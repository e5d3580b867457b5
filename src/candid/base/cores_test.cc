#include "candid/base/cores.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

namespace candid {
namespace {

class CoresTest : public testing::Test {
 protected:
  CoresTest() { std::filesystem::create_directories(folder_ / "cpu"); }
  ~CoresTest() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  std::size_t Cores() const { return UsableCores(folder_); }

  const std::filesystem::path folder_ =
      testing::TempDir() + "cores_" +
      std::to_string(testing::UnitTest::GetInstance()->random_seed());
  const std::size_t all_ = std::max(1u, std::thread::hardware_concurrency());
};

TEST_F(CoresTest, AreAllWithoutALimit) {
  EXPECT_EQ(Cores(), all_);
  Write("cpu.max", "max 100000\n");
  EXPECT_EQ(Cores(), all_);
  Write("cpu/cpu.cfs_quota_us", "-1\n");
  Write("cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(Cores(), all_);
}

TEST_F(CoresTest, AreThoseOfTheControlGroup) {
  Write("cpu.max", "50000 100000\n");
  EXPECT_EQ(Cores(), 1u);
  Write("cpu.max", "100001 100000\n");
  EXPECT_EQ(Cores(), std::min<std::size_t>(2, all_));
  Write("cpu.max", "100000000 100000\n");
  EXPECT_EQ(Cores(), all_);
  std::filesystem::remove(folder_ / "cpu.max");
  Write("cpu/cpu.cfs_quota_us", "20000\n");
  Write("cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(Cores(), 1u);
}

}  // namespace
}  // namespace candid
