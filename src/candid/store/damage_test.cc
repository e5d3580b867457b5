// Damage: whatever lies where the database should be gives an error that names it and what to do,
// and never a store that is silently empty or another's.
#include <sys/stat.h>
#include <unistd.h>

#include <random>

#include "candid/store/sqlite.h"
#include "candid/store/testing_store.h"

namespace candid::store {
namespace {

class DamageTest : public TestingStore {
 protected:
  void SetUp() override {
    Open();
    Create("a");
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(Record("a", {0.1f, 0.5f}, std::to_string(i)));
  }

  void Close() { store_.reset(); }

  void Write(const std::string& contents) {
    std::ofstream(database_, std::ios::binary | std::ios::trunc) << contents;
  }

  // The error of opening, which must name the file and a remedy.
  Error Refused(const OpenOptions& options = {}) {
    const auto opened = Store::Open(folder_, options);
    EXPECT_FALSE(opened);
    if (opened) return {Code::kInternal, "opened"};
    EXPECT_NE(opened.error().message().find(database_.string()), std::string::npos)
        << opened.error().message();
    return opened.error();
  }
  void ExpectRefused(Code code, const std::string& words, const OpenOptions& options = {}) {
    const Error error = Refused(options);
    EXPECT_EQ(error.code(), code) << error.message();
    EXPECT_NE(error.message().find(words), std::string::npos) << error.message();
  }

  const std::filesystem::path database_ = folder_ / "candid.db";
  const std::filesystem::path log_ = folder_ / "candid.db-wal";
};

TEST_F(DamageTest, AnEmptyFileIsNoNewDatabase) {
  Close();
  Write("");
  ExpectRefused(Code::kCorrupt, "restore a backup");
  ExpectRefused(Code::kCorrupt, "restore a backup", {Access::kRead});
  EXPECT_EQ(std::filesystem::file_size(database_), 0u);
  std::filesystem::remove(database_);
  Open();
  EXPECT_EQ(*store_->CountCollections(), 0u) << "deleting it is the operator's word";
}

TEST_F(DamageTest, ACutFileIsRefusedWhereverItIsCut) {
  Close();
  const std::string whole = Contents(database_);
  for (const std::size_t size : {std::size_t{1}, std::size_t{50}, std::size_t{4096},
                                 whole.size() / 2, whole.size() - 4096, whole.size() - 1}) {
    Write(whole.substr(0, size));
    EXPECT_EQ(Refused().code(), Code::kCorrupt) << size << " bytes";
    EXPECT_TRUE(Contents(database_) == whole.substr(0, size)) << "nothing is done to it";
  }
}

TEST_F(DamageTest, WhatIsNoDatabaseOfOursIsRefused) {
  Close();
  Write(std::string(9000, 'x'));
  ExpectRefused(Code::kCorrupt, "not a Candid database");
  std::filesystem::remove(database_);
  {
    auto other = std::move(*Connection::Open(database_, true));
    ASSERT_TRUE(other->Execute("CREATE TABLE other(x)"));
  }
  ExpectRefused(Code::kCorrupt, "belongs to another program");
  std::filesystem::remove(database_);
  std::filesystem::create_directory(database_);
  EXPECT_EQ(Refused().code(), Code::kIo);
}

TEST_F(DamageTest, ANewerDatabaseIsRefused) {
  Close();
  ASSERT_TRUE((*Connection::Open(database_, true))->Execute("PRAGMA user_version=99"));
  ExpectRefused(Code::kUnsupported, "upgrade Candid");
  ExpectRefused(Code::kUnsupported, "upgrade Candid", {Access::kRead});
}

TEST_F(DamageTest, ALogWithoutItsDatabaseIsRefused) {
  std::filesystem::copy_file(log_, folder_ / "log");
  Close();
  std::filesystem::remove(database_);
  std::filesystem::rename(folder_ / "log", log_);
  ExpectRefused(Code::kCorrupt, "restore a backup");
  ExpectRefused(Code::kCorrupt, "restore a backup", {Access::kRead});
}

// The operator does as told: the server died, a backup is put in the database's place. The log that
// the server left belongs to the database that is gone.
TEST_F(DamageTest, ABackupIsNotOverwrittenByTheLogOfADeadServer) {
  ASSERT_TRUE(store_->Backup(folder_ / "backup.db"));
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(Record("a", {0.2f, 0.8f}, "later " + std::to_string(i)));
  std::filesystem::copy_file(log_, folder_ / "log");
  Close();
  std::filesystem::rename(folder_ / "backup.db", database_);
  std::filesystem::rename(folder_ / "log", log_);
  ExpectRefused(Code::kConflict, "start the server once", {Access::kRead});
  Open();
  EXPECT_TRUE(store_->Check());
  EXPECT_EQ(store_->FindCollection("a")->face_count, 120u);
  EXPECT_EQ(Templates("a"), 120u);
}

// Bytes are changed at random. Whatever the store does with that, it ends with an answer or with an
// error of its own; the sanitizers watch.
TEST_F(DamageTest, ChangedBytesEndInAnswersOrErrors) {
  Close();
  const std::string whole = Contents(database_);
  std::mt19937 random(7);
  int refused = 0, found = 0, unseen = 0;
  for (int round = 0; round < 60; ++round) {
    std::string changed = whole;
    for (auto flips = 1 + random() % 20; flips > 0; --flips) {
      changed[random() % changed.size()] ^= static_cast<char>(1 << random() % 8);
    }
    if (round % 4 == 0)
      changed.replace(random() % (changed.size() / 4096) * 4096, 4096, 4096, '\0');
    Write(changed);
    const auto opened = Store::Open(folder_);
    if (!opened) {
      ++refused;
      EXPECT_NE(opened.error().message().find(database_.string()), std::string::npos)
          << opened.error().message();
      continue;
    }
    Store& store = **opened;
    const auto take = [](const TemplateBlock&) -> Status { return {}; };
    (void)store.ReadTemplates("a", take);
    (void)store.ListFaces("a", 0, 1000);
    (void)store.ReadKeptPixels("a", 0, 1000);
    (void)store.RecordImage("a", "hash", {"new", "x", {}, 9, 9, {}},
                            {{{}, {0, 0, 1, 1}, 1, 1, {0, 1}, {}, {}}}, 1000, {});
    (void)store.DeleteCollection("a", {});
    std::filesystem::remove(folder_ / "copy.db");
    const Status copied = store.Backup(folder_ / "copy.db");
    const Status checked = store.Check();
    (checked ? unseen : found) += 1;
    EXPECT_EQ(copied.has_value(), checked.has_value()) << "a damaged copy is no backup";
  }
  EXPECT_GT(refused, 20) << found << " found later, " << unseen << " never";
}

TEST_F(DamageTest, SaysWhatAnotherProgramLocks) {
  OpenOptions options;
  options.lock_wait = std::chrono::milliseconds(50);
  Open(options);
  auto other = std::move(*Connection::Open(database_, true));
  ASSERT_TRUE(other->Execute("BEGIN IMMEDIATE"));
  const auto refused = Record("a", {0.9f}, "locked");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kUnavailable);
  EXPECT_NE(refused.error().message().find(database_.string() + " is locked"), std::string::npos);
  EXPECT_EQ(Templates("a"), 120u) << "reading goes on";
  ASSERT_TRUE(other->Execute("COMMIT"));
  EXPECT_TRUE(Record("a", {0.9f}, "locked"));
  Close();
  ASSERT_TRUE(other->Execute("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE"));
  ExpectRefused(Code::kUnavailable, "is locked by another program", options);
}

// What went into a file that has no name any more would be gone with the process.
TEST_F(DamageTest, WritesNothingIntoAFileThatWasTakenAway) {
  std::filesystem::rename(database_, folder_ / "elsewhere");
  const auto refused = Record("a", {0.9f}, "lost");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kIo);
  EXPECT_NE(refused.error().message().find("moved, replaced or deleted"), std::string::npos);
  std::filesystem::rename(folder_ / "elsewhere", database_);
  EXPECT_TRUE(Record("a", {0.9f}, "found"));
}

// Root may write everywhere; nobody may not.
class AsNobody {
 public:
  AsNobody() { changed_ = ::geteuid() == 0 && ::seteuid(65534) == 0; }
  ~AsNobody() {
    if (changed_) (void)!::seteuid(0);
  }

 private:
  bool changed_ = false;
};

TEST_F(DamageTest, SaysWhatCannotBeWritten) {
  Close();
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    ASSERT_EQ(::chmod(entry.path().c_str(), 0444), 0);
  }
  ASSERT_EQ(::chmod(folder_.c_str(), 0555), 0);
  {
    const AsNobody nobody;
    const auto lock = Store::Open(folder_);
    ASSERT_FALSE(lock);
    EXPECT_EQ(lock.error().code(), Code::kIo);
    EXPECT_NE(lock.error().message().find("make the folder writable"), std::string::npos)
        << lock.error().message();
  }
  ASSERT_EQ(::chmod(folder_.c_str(), 0777), 0);
  ASSERT_EQ(::chmod((folder_ / "candid.lock").c_str(), 0666), 0);
  {
    const AsNobody nobody;
    ExpectRefused(Code::kIo, "writable for this user");
  }
  ASSERT_EQ(::chmod(database_.c_str(), 0000), 0);
  const AsNobody nobody;
  ExpectRefused(Code::kIo, "readable for this user", {Access::kRead});
}

}  // namespace
}  // namespace candid::store
