#include "candid/store/writer.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "candid/base/ids.h"

namespace candid::store {
namespace {

class WriterTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    auto connection = std::move(*Connection::Open(file_, true));
    ASSERT_TRUE(connection->Execute("PRAGMA journal_mode=WAL; CREATE TABLE t(x UNIQUE)"));
    writer_ = std::make_unique<Writer>(std::move(connection));
  }
  void TearDown() override {
    writer_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::int64_t Count() {
    return *(*Connection::Open(file_, false))->Number("SELECT count(*) FROM t");
  }
  static Work Insert(int value) {
    return [value](Connection& connection) {
      return Query(connection, "INSERT INTO t VALUES(?)").Bind(value).Run();
    };
  }

  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / RandomUuid();
  std::filesystem::path file_ = folder_ / "t.db";
  std::unique_ptr<Writer> writer_;
};

TEST_F(WriterTest, WhatReturnedIsThere) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) EXPECT_TRUE(writer_->Write(Insert(t * 10 + i)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Count(), 80);
}

TEST_F(WriterTest, AnErrorUndoesItsOwnWorkOnly) {
  ASSERT_TRUE(writer_->Write(Insert(1)));
  writer_->Later(Insert(2));
  const Status failed = writer_->Write([](Connection& connection) -> Status {
    CANDID_TRY(Query(connection, "INSERT INTO t VALUES(3)").Run());
    return Query(connection, "INSERT INTO t VALUES(1)").Run();
  });
  EXPECT_EQ(failed.error().code(), Code::kAlreadyExists);
  EXPECT_EQ(Count(), 2);
}

TEST_F(WriterTest, AFullDatabaseIsToldToAllAndLosesNothing) {
  ASSERT_TRUE(writer_->Write(Insert(1)));
  const Status full = writer_->Write([](Connection& connection) -> Status {
    CANDID_TRY(connection.Number("PRAGMA max_page_count=4"));
    return Query(connection, "INSERT INTO t VALUES(zeroblob(100000))").Run();
  });
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code(), Code::kIo);
  EXPECT_NE(full.error().message().find("no room left"), std::string::npos);
  EXPECT_EQ(Count(), 1);
  EXPECT_TRUE(writer_->Write(Insert(2)));
}

TEST_F(WriterTest, ClosingCommitsTheQueue) {
  for (int i = 0; i < 20; ++i) writer_->Later(Insert(i));
  writer_.reset();
  EXPECT_EQ(Count(), 20);
}

}  // namespace
}  // namespace candid::store
