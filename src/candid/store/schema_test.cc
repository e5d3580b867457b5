#include "candid/store/schema.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "candid/base/ids.h"

namespace candid::store {
namespace {

class SchemaTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<Connection> Open() { return std::move(*Connection::Open(file_, true)); }

  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / RandomUuid();
  std::filesystem::path file_ = folder_ / "candid.db";
};

TEST_F(SchemaTest, BuildsAnEmptyDatabaseOnce) {
  auto connection = Open();
  ASSERT_TRUE(Migrate(*connection, Migrations()));
  ASSERT_TRUE(Migrate(*connection, Migrations()));
  EXPECT_EQ(*connection->Number("PRAGMA user_version"), std::ssize(Migrations()));
}

TEST_F(SchemaTest, RefusesANewerDatabaseByName) {
  auto connection = Open();
  ASSERT_TRUE(Migrate(*connection, Migrations()));
  ASSERT_TRUE(connection->Execute("PRAGMA user_version=99"));
  const Status refused = Migrate(*connection, Migrations());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kUnsupported);
  EXPECT_NE(refused.error().message().find("schema 99"), std::string::npos);
}

TEST_F(SchemaTest, RefusesAnotherProgramsDatabase) {
  auto connection = Open();
  ASSERT_TRUE(connection->Execute("CREATE TABLE other(x)"));
  EXPECT_EQ(Migrate(*connection, Migrations()).error().code(), Code::kCorrupt);
}

TEST_F(SchemaTest, AFailedStepLeavesTheVersionBefore) {
  auto connection = Open();
  const char* const steps[] = {Migrations()[0], "CREATE TABLE half(x); CREATE TABLE half(x);"};
  EXPECT_FALSE(Migrate(*connection, steps));
  EXPECT_EQ(*connection->Number("PRAGMA user_version"), 1);
  EXPECT_EQ(*connection->Number("SELECT count(*) FROM sqlite_schema WHERE name='half'"), 0);
}

TEST_F(SchemaTest, AStepKeepsWhatIsThere) {
  auto connection = Open();
  ASSERT_TRUE(Migrate(*connection, Migrations().first(1)));
  ASSERT_TRUE(connection->Execute(
      "INSERT INTO collections VALUES(NULL,'a',0,'pack','hash','1.0',2,0,7,3)"));
  ASSERT_TRUE(Migrate(*connection, Migrations()));
  EXPECT_EQ(*connection->Number("SELECT next_sequence FROM collections WHERE id='a'"), 7);
  EXPECT_EQ(*connection->Number("SELECT user_count FROM collections WHERE id='a'"), 0);
}

TEST_F(SchemaTest, TheTrailIsAppendOnly) {
  auto connection = Open();
  ASSERT_TRUE(Migrate(*connection, Migrations()));
  ASSERT_TRUE(connection->Execute(
      "INSERT INTO audit(time_us,key_id,operation,collection,outcome,affected,refused) "
      "VALUES(0,'','IndexFaces','c','ok',1,0)"));
  EXPECT_FALSE(connection->Execute("UPDATE audit SET affected=2"));
  EXPECT_FALSE(connection->Execute("DELETE FROM audit"));
  EXPECT_EQ(*connection->Number("SELECT affected FROM audit"), 1);
}

TEST_F(SchemaTest, SaysWhatIsNotADatabase) {
  std::ofstream(file_) << std::string(8192, 'x');
  const auto opened = Connection::Open(file_, true);
  const Status read = opened ? Migrate(**opened, Migrations()) : Status(Fail(opened.error()));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Code::kCorrupt);
  EXPECT_NE(read.error().message().find("candid.db"), std::string::npos);
}

}  // namespace
}  // namespace candid::store
