#include <atomic>
#include <thread>

#include "candid/store/testing_store.h"

namespace candid::store {
namespace {

class BackupTest : public TestingStore {
 protected:
  std::filesystem::path file_ = folder_ / "copy.db";
  // Opens the backup as an operator would: in an empty folder, under the database's name.
  std::unique_ptr<Store> Restore() {
    const auto folder = folder_ / "restored";
    std::filesystem::create_directories(folder);
    std::filesystem::copy_file(file_, folder / "candid.db");
    auto opened = Store::Open(folder);
    EXPECT_TRUE(opened) << opened.error().message();
    return opened ? *std::move(opened) : nullptr;
  }
  std::size_t Files() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder_), {}));
  }
};

TEST_F(BackupTest, OpensAsTheStoreItWas) {
  Create("a");
  const auto recorded = Record("a", {0.1f, 0.5f});
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  ASSERT_TRUE(store_->Backup(file_, [&](std::uint64_t so_far, std::uint64_t all) {
    EXPECT_GE(so_far, done);
    done = so_far;
    total = all;
  }));
  EXPECT_GT(total, 0u);
  EXPECT_EQ(done, total);
  EXPECT_EQ(std::filesystem::status(file_).permissions(), std::filesystem::perms(0600));
  ASSERT_TRUE(Record("a", {0.8f}));
  const auto restored = Restore();
  ASSERT_NE(restored, nullptr);
  EXPECT_EQ(restored->FindCollection("a")->face_count, 2u);
  EXPECT_EQ(restored->TemplateAt((*recorded)[1].face.row)->vector, (std::vector<float>{0.5f, 1}));
}

TEST_F(BackupTest, ReplacesNoFileAndLeavesNoneBehind) {
  std::ofstream(file_) << "mine";
  const std::size_t files = Files();
  const Status refused = store_->Backup(file_);
  EXPECT_EQ(refused.error().code(), Code::kAlreadyExists);
  EXPECT_EQ(Contents(file_), "mine");
  const Status nowhere = store_->Backup(folder_ / "none" / "copy.db");
  EXPECT_EQ(nowhere.error().code(), Code::kIo);
  EXPECT_NE(nowhere.error().message().find("copy.db"), std::string::npos);
  EXPECT_EQ(Files(), files);
}

TEST_F(BackupTest, IsOfOneStateWhileOthersWrite) {
  Create("a");
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) EXPECT_TRUE(Record("a", {0.1f, 0.5f}, std::to_string(i)));
  });
  while (store_->FindCollection("a")->face_count < 20) std::this_thread::yield();
  EXPECT_TRUE(store_->Backup(file_));
  stop = true;
  writer.join();
  const auto restored = Restore();
  ASSERT_NE(restored, nullptr);
  const auto count = restored->FindCollection("a")->face_count;
  EXPECT_GE(count, 20u);
  EXPECT_EQ(restored->ListFaces("a", 0, 1'000'000)->items.size(), count);
  EXPECT_TRUE(restored->Check());
}

TEST_F(BackupTest, WorksBesideTheServer) {
  Create("a");
  const auto reader = Store::Open(folder_, {Access::kRead});
  ASSERT_TRUE(reader);
  ASSERT_TRUE((*reader)->Backup(file_));
  EXPECT_TRUE(Restore()->FindCollection("a"));
}

}  // namespace
}  // namespace candid::store
