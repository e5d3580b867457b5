// The trail is what was written, or what is wrong with it is said.
#include "candid/store/trail.h"

#include <gmock/gmock.h>

#include "candid/store/schema.h"
#include "candid/store/testing_disk.h"
#include "candid/store/testing_store.h"

namespace candid::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TrailTest : public TestingStore {
 protected:
  static AuditEntry Line(int n) {
    AuditEntry entry{Time(std::chrono::microseconds(n)), "key", "SearchFaces", "c", "ok", 3, 0};
    entry.threshold = 80.5;
    entry.images = std::string(64, 'a');
    return entry;
  }

  void Write(int lines) {
    for (int i = 0; i < lines; ++i) store_->Audit(Line(i));
    ASSERT_TRUE(store_->Flush());
  }

  // With the hands of somebody who has the file and no respect.
  void Tamper(const std::string& sql) {
    store_.reset();
    auto connection = std::move(*Connection::Open(folder_ / "candid.db", true));
    ASSERT_TRUE(connection->Execute("DROP TRIGGER audit_keeps; DROP TRIGGER audit_stays;"));
    const Status done = connection->Execute(sql.c_str());
    ASSERT_TRUE(done) << done.error().message();
    connection.reset();
    Open();
  }

  std::vector<std::string> Flaws(const std::optional<Digest>& expect = std::nullopt) {
    const auto report = store_->VerifyAudit(expect);
    EXPECT_TRUE(report) << report.error().message();
    return report ? report->flaws : std::vector<std::string>{"unreadable"};
  }

  void MakeMasterKey() { ASSERT_TRUE(store_->AddKey({"AK", {}, true, ""}, "secret", Line(0))); }
};

TEST_F(TrailTest, KeepsEveryMemberOfALine) {
  AuditEntry entry = Line(4);
  entry.session = "AS";
  entry.address = "10.0.0.1";
  store_->Audit(entry);
  store_->Audit({Time(), "", "ListFaces", "", "denied", 0, 0});
  ASSERT_TRUE(store_->Flush());
  const auto page = store_->ListAudit(0, 10);
  ASSERT_TRUE(page);
  const AuditEntry& read = page->items.at(0).entry;
  EXPECT_EQ(CanonicalLine(1, read), CanonicalLine(1, entry));
  EXPECT_EQ(CanonicalLine(1, read),
            "1:1,1:4,3:key,11:SearchFaces,1:c,2:ok,1:3,1:0,2:AS,8:10.0.0.1,4:80.5,64:" +
                std::string(64, 'a') + ",");
  EXPECT_FALSE(page->items.at(1).entry.threshold);
  EXPECT_EQ(page->items.at(0).hash, HashOfLine({}, 1, entry));
}

TEST_F(TrailTest, AnUntouchedTrailIsSound) {
  EXPECT_THAT(Flaws(), IsEmpty());
  Write(5);
  const auto report = store_->VerifyAudit();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->lines, 5u);
  EXPECT_EQ(report->last, 5u);
  EXPECT_EQ(report->unchained, 0u);
  EXPECT_THAT(Flaws(report->head), IsEmpty());
  Write(3);
  EXPECT_THAT(Flaws(report->head), IsEmpty()) << "a head kept earlier holds";
}

TEST_F(TrailTest, FindsAChangedMember) {
  for (const char* change : {"affected=4", "key_id='x'", "collection='d'", "outcome='x'",
                             "time_us=9", "threshold=80", "threshold=NULL", "images=''",
                             "refused=1", "session='s'", "address='a'", "operation='x'"}) {
    Open();
    Write(3);
    const auto at = store_->VerifyAudit()->last - 1;
    store_.reset();
    std::filesystem::copy_file(folder_ / "candid.db", folder_ / "sound.db",
                               std::filesystem::copy_options::overwrite_existing);
    Tamper("UPDATE audit SET " + std::string(change) + " WHERE sequence=" + std::to_string(at));
    EXPECT_THAT(Flaws(), ElementsAre("line " + std::to_string(at) + " was changed")) << change;
    store_.reset();
    std::filesystem::rename(folder_ / "sound.db", folder_ / "candid.db");
  }
}

TEST_F(TrailTest, FindsALineTakenOut) {
  Write(5);
  Tamper("DELETE FROM audit WHERE sequence=3");
  EXPECT_THAT(Flaws(), ElementsAre("lines 3 to 3 are missing"));
}

TEST_F(TrailTest, FindsALineTakenOutAndTheRestMovedUp) {
  Write(5);
  Tamper(
      "DELETE FROM audit WHERE sequence=3; UPDATE audit SET sequence=sequence-1 WHERE sequence>3;"
      "UPDATE sqlite_sequence SET seq=4 WHERE name='audit'");
  EXPECT_THAT(Flaws(), testing::Contains(HasSubstr("line 3 does not follow the one before it")));
}

TEST_F(TrailTest, FindsLinesInAnotherOrder) {
  Write(5);
  Tamper(
      "UPDATE audit SET sequence=100 WHERE sequence=2; UPDATE audit SET sequence=2 WHERE "
      "sequence=3; UPDATE audit SET sequence=3 WHERE sequence=100; UPDATE sqlite_sequence SET "
      "seq=5 WHERE name='audit'");
  EXPECT_THAT(Flaws(), testing::Contains(HasSubstr("line 2 does not follow")));
}

TEST_F(TrailTest, FindsTheBeginningCutOff) {
  Write(5);
  Tamper("DELETE FROM audit WHERE sequence<3");
  EXPECT_THAT(Flaws(), ElementsAre("lines 1 to 2 are missing",
                                   HasSubstr("line 3 is not the chain's beginning")));
}

TEST_F(TrailTest, FindsTheEndCutOff) {
  MakeMasterKey();
  Write(4);
  Open();  // closing writes the head record
  EXPECT_EQ(store_->VerifyAudit()->sealed, 5u);
  Tamper("DELETE FROM audit WHERE sequence>3");
  EXPECT_THAT(Flaws(), testing::Contains(HasSubstr("lines 4 to 5 were cut from the end")));
}

TEST_F(TrailTest, TheHeadRecordAndAHeadKeptElsewhereHoldTheEnd) {
  MakeMasterKey();
  Write(4);
  const Digest head = store_->VerifyAudit()->head;
  Tamper("DELETE FROM audit WHERE sequence>3; UPDATE sqlite_sequence SET seq=3 WHERE name='audit'");
  EXPECT_THAT(Flaws(), ElementsAre(HasSubstr("the head record names line 5 and the trail ends "
                                             "with line 3")));
  EXPECT_EQ(store_->SealAuditHead().error().code(), Code::kCorrupt);
  Open();  // closing leaves the record as it is
  EXPECT_EQ(Flaws().size(), 1u);
  std::filesystem::remove(folder_ / "candid.head");
  EXPECT_THAT(Flaws(), IsEmpty()) << "with the record gone, the file alone cannot tell";
  EXPECT_THAT(Flaws(head), ElementsAre(HasSubstr(ToHex(head))));
}

TEST_F(TrailTest, AChainMadeAnewDoesNotFitTheRecord) {
  MakeMasterKey();
  Write(4);
  Tamper("UPDATE audit SET affected=9 WHERE sequence=2");
  store_.reset();
  // All hashes made anew, as anybody with the file can.
  auto connection = std::move(*Connection::Open(folder_ / "candid.db", true));
  std::vector<AuditRow> rows;
  {
    Query query(*connection, std::string(kAuditColumns) + "ORDER BY sequence");
    while (*query.Step()) rows.push_back(ReadAuditRow(query));
  }
  Digest previous{};
  for (const AuditRow& row : rows) {
    const Digest hash = HashOfLine(previous, row.sequence, row.entry);
    Query update(*connection, "UPDATE audit SET previous_hash=?,hash=? WHERE sequence=?");
    ASSERT_TRUE(update.Bind(ByteSpan(previous)).Bind(ByteSpan(hash)).Bind(row.sequence).Run());
    previous = hash;
  }
  connection.reset();
  Open();
  EXPECT_THAT(Flaws(), ElementsAre("line 5 is not the one that the head record names"));
}

TEST_F(TrailTest, ARecordOfAnotherKeyIsNone) {
  MakeMasterKey();
  Open();
  const std::string text = Contents(folder_ / "candid.head");
  for (const std::string& bad : {text.substr(0, 10), text + text, std::string(), std::string("\n"),
                                 "candid head 1\n9" + text.substr(15)}) {
    std::ofstream(folder_ / "candid.head", std::ios::binary) << bad;
    EXPECT_THAT(Flaws(), ElementsAre(HasSubstr("is not a head record sealed by"))) << bad;
  }
  ASSERT_TRUE(store_->ResealAuditHead({Time(), "", "ResealAudit", "", "ok", 0, 0}));
  EXPECT_THAT(Flaws(), IsEmpty());
  EXPECT_TRUE(store_->SealAuditHead());
}

// A database of schema 1, with lines from before the chain.
TEST_F(TrailTest, OldLinesAreHeldFromTheUpgradeOn) {
  store_.reset();
  std::filesystem::remove(folder_ / "candid.db");
  {
    auto connection = std::move(*Connection::Open(folder_ / "candid.db", true));
    ASSERT_TRUE(Migrate(*connection, Migrations().first(1)));
    ASSERT_TRUE(connection->Execute(
        "INSERT INTO audit VALUES(NULL,1,'k','IndexFaces','c','ok',1,0,NULL,NULL);"
        "INSERT INTO audit VALUES(NULL,2,'k','DeleteFaces','c','ok',1,0,NULL,NULL)"));
  }
  Open();
  Write(1);
  Open();
  const auto report = store_->VerifyAudit();
  ASSERT_TRUE(report);
  EXPECT_THAT(report->flaws, IsEmpty());
  EXPECT_EQ(report->unchained, 2u);
  EXPECT_EQ(report->lines, 4u);
  const auto page = store_->ListAudit(0, 10);
  EXPECT_FALSE(page->items[1].hash);
  EXPECT_EQ(page->items[2].entry.operation, "ChainStart");
  EXPECT_EQ(page->items[2].entry.affected, 2u);
  Tamper("UPDATE audit SET affected=7 WHERE sequence=2");
  EXPECT_THAT(Flaws(), ElementsAre("lines before line 3 are not those that the chain began with"));
}

TEST_F(TrailTest, ALineThatCannotBeWrittenIsCountedAndTold) {
  Write(1);
  {
    TestingDisk disk;
    disk.FillAfter(0);
    store_->Audit(Line(2));
    store_->Audit(Line(3));
    EXPECT_FALSE(store_->Flush());
    EXPECT_EQ(store_->audit_health().lost, 2u);
    EXPECT_TRUE(store_->audit_health().failing);
    disk.MakeRoom();
    store_->Audit(Line(4));
    ASSERT_TRUE(store_->Flush());
  }
  EXPECT_EQ(store_->audit_health().lost, 2u);
  EXPECT_FALSE(store_->audit_health().failing);
  const auto page = store_->ListAudit(0, 10);
  ASSERT_EQ(page->items.size(), 3u);
  EXPECT_EQ(page->items[1].entry.operation, "LostLines");
  EXPECT_EQ(page->items[1].entry.affected, 2u);
  EXPECT_THAT(Flaws(), IsEmpty());
}

}  // namespace
}  // namespace candid::store
