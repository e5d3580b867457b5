// The disk: what is acknowledged was synced, and a disk without room takes nothing back.
#include <sys/resource.h>

#include <csignal>

#include "candid/store/testing_disk.h"
#include "candid/store/testing_store.h"

namespace candid::store {
namespace {

using DiskTest = TestingStore;

TEST_F(DiskTest, WhatIsAcknowledgedWasSynced) {
  const TestingDisk disk;
  Open();
  Create("a");
  for (int i = 0; i < 40; ++i) {
    const auto recorded = Record("a", {0.1f, 0.5f}, std::to_string(i));
    ASSERT_TRUE(recorded);
    EXPECT_FALSE(disk.Unsynced().contains("candid.db-wal")) << "after picture " << i;
    ASSERT_TRUE(store_->DeleteFaces("a", {recorded->front().face.face_id}, {}));
    EXPECT_FALSE(disk.Unsynced().contains("candid.db-wal")) << "after delete " << i;
    EXPECT_FALSE(disk.Unsynced().contains("candid.db")) << "the log was emptied into it";
  }
}

// The disk fills up at every single write of a day's work in turn. Whatever was acknowledged is
// there, what was refused is not, and with room again the work goes on.
TEST_F(DiskTest, AFullDiskTakesNothingBackWhereverItFillsUp) {
  Create("a");
  const auto work = [&](const std::string& image, std::set<std::string>* acknowledged) -> Status {
    CANDID_ASSIGN(const auto first, Record("a", {0.1f, 0.3f, 0.5f}, image + " first"));
    for (const RecordedFace& recorded : first) acknowledged->insert(recorded.face.face_id);
    CANDID_TRY(store_->DeleteFaces("a", {first[0].face.face_id}, {}));
    acknowledged->erase(first[0].face.face_id);
    CANDID_ASSIGN(const auto second, Record("a", {0.7f}, image + " second"));
    acknowledged->insert(second[0].face.face_id);
    return {};
  };
  TestingDisk disk;
  std::set<std::string> acknowledged;
  int refused = 0;
  for (int writes = 0; writes < 200; ++writes) {
    disk.FillAfter(writes);
    const Status worked = work(std::to_string(writes), &acknowledged);
    disk.MakeRoom();
    if (!worked) {
      ++refused;
      EXPECT_EQ(worked.error().code(), Code::kIo) << worked.error().message();
      EXPECT_NE(worked.error().message().find("candid.db"), std::string::npos);
    }
    std::set<std::string> there;
    const auto listed = store_->ListFaces("a", 0, 10'000);
    ASSERT_TRUE(listed);
    for (const StoredFace& face : listed->items) there.insert(face.face_id);
    ASSERT_EQ(there, acknowledged) << "after " << writes << " writes";
    ASSERT_EQ(store_->FindCollection("a")->face_count, acknowledged.size());
    if (worked) break;
  }
  EXPECT_GT(refused, 10);
  Open();
  EXPECT_EQ(Templates("a"), acknowledged.size());
  EXPECT_TRUE(store_->Check());
}

TEST_F(DiskTest, ABackupWithoutRoomIsNoBackup) {
  Create("a");
  ASSERT_TRUE(Record("a", {0.1f}));
  TestingDisk disk;
  disk.FillAfter(3);
  const Status refused = store_->Backup(folder_ / "copy.db");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kIo);
  EXPECT_NE(refused.error().message().find("no room left to write"), std::string::npos);
  EXPECT_NE(refused.error().message().find("copy.db"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "copy.db"));
}

TEST_F(DiskTest, AFullDiskAtTheFirstStartLeavesNoHalfDatabase) {
  store_.reset();
  std::filesystem::remove_all(folder_);
  TestingDisk disk;
  for (int writes = 0;; ++writes) {
    disk.FillAfter(writes);
    const auto opened = Store::Open(folder_);
    disk.MakeRoom();
    if (opened) break;
    ASSERT_LT(writes, 500);
    EXPECT_EQ(opened.error().code(), Code::kIo) << opened.error().message();
  }
  Open();
  Create("a");
}

// A limit on the size of files (ulimit -f) is a disk that fails; the signal is for the program to
// ignore, as candid does.
TEST_F(DiskTest, ALimitOnFilesIsNamed) {
  Create("a");
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit none{0, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  const auto refused = Record("a", {0.1f});
  ::setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, before);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kIo);
  EXPECT_NE(refused.error().message().find("limits on file sizes"), std::string::npos)
      << refused.error().message();
  EXPECT_TRUE(Record("a", {0.1f}));
}

}  // namespace
}  // namespace candid::store
