// Fetch against servers that behave and servers that do not.
#include "candid/models/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "candid/base/files.h"
#include "candid/base/hash.h"
#include "candid/base/ids.h"
#include "candid/models/testing_server.h"

namespace candid::models {
namespace {

using testing::Answer;
using ::testing::HasSubstr;
using testing::Length;
using ::testing::Not;
using testing::Server;

class FetchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(folder_);
    options_.allow_http = true;
    options_.attempts = 3;
    options_.pause = std::chrono::milliseconds(1);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Status FetchFrom(Server& server) { return FetchFrom(server.url()); }
  Status FetchFrom(const std::string& url) {
    return Fetch({url, target_, file_.size(), Sha256Hex(AsBytes(file_))}, options_,
                 [this](std::uint64_t done, std::uint64_t total) {
                   EXPECT_LE(done, total);
                   last_progress_ = done;
                 });
  }
  void ExpectWhole(const Status& fetched) {
    ASSERT_TRUE(fetched) << fetched.error().message();
    const auto bytes = ReadFile(target_, 1 << 20);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(AsText(*bytes), file_);
    EXPECT_FALSE(std::filesystem::exists(part_));
    EXPECT_EQ(last_progress_, file_.size());
  }
  // Refused, and neither the file nor a piece of it stays.
  void ExpectNothing(const Status& fetched, Code code, const std::string& says) {
    ASSERT_FALSE(fetched);
    EXPECT_EQ(fetched.error().code(), code);
    EXPECT_THAT(fetched.error().message(), HasSubstr(says));
    EXPECT_FALSE(std::filesystem::exists(target_));
    EXPECT_FALSE(std::filesystem::exists(part_));
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("candid_fetch_" + RandomUuid());
  const std::filesystem::path target_ = folder_ / "model";
  const std::filesystem::path part_ = folder_ / "model.part";
  const std::string file_ = std::string(5000, 'a') + std::string(5000, 'b');
  FetchOptions options_;
  std::uint64_t last_progress_ = 0;
};

TEST_F(FetchTest, BringsAFile) {
  Server server({Answer("200 OK", Length(file_.size()), file_)});
  ExpectWhole(FetchFrom(server));
  EXPECT_THAT(server.requests().at(0), Not(HasSubstr("Range:")));
}

TEST_F(FetchTest, CarriesOnWhereTheServerDied) {
  Server server({Answer("200 OK", Length(file_.size()), file_.substr(0, 4000)),
                 Answer("206 Partial Content",
                        Length(file_.size() - 4000) + "Content-Range: bytes 4000-9999/10000\r\n",
                        file_.substr(4000))});
  ExpectWhole(FetchFrom(server));
  EXPECT_THAT(server.requests().at(1), HasSubstr("Range: bytes=4000-"));
}

TEST_F(FetchTest, CarriesOnInTheNextCall) {
  {
    Server server({Answer("200 OK", Length(file_.size()), file_.substr(0, 4000)),
                   Answer("503 Service Unavailable", Length(0), "")});
    const Status broken = FetchFrom(server);
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code(), Code::kUnavailable);
    EXPECT_THAT(broken.error().message(), HasSubstr("carries on"));
    EXPECT_EQ(server.requests().size(), 3u);
  }
  EXPECT_EQ(std::filesystem::file_size(part_), 4000u);
  Server server({Answer("206 Partial Content",
                        Length(file_.size() - 4000) + "Content-Range: bytes 4000-9999/10000\r\n",
                        file_.substr(4000))});
  ExpectWhole(FetchFrom(server));
}

TEST_F(FetchTest, BeginsAgainWhereTheServerCannotResume) {
  std::ofstream(part_) << "something of another day";
  Server server({Answer("200 OK", Length(file_.size()), file_)});
  ExpectWhole(FetchFrom(server));
  EXPECT_THAT(server.requests().at(0), HasSubstr("Range: bytes=24-"));
}

TEST_F(FetchTest, TakesNoMoreThanTheManifestSays) {
  Server announced({Answer("200 OK", Length(file_.size() + 1), file_ + "c")});
  ExpectNothing(FetchFrom(announced), Code::kTooLarge, "more than the 10000 bytes");
  Server endless({Answer("200 OK", "", file_ + std::string(100'000, 'c'))});
  ExpectNothing(FetchFrom(endless), Code::kTooLarge, "more than the 10000 bytes");
}

TEST_F(FetchTest, KeepsNothingOfAnotherFile) {
  Server page({Answer("200 OK", "Content-Type: text/html\r\n", "<html>sign in first</html>")});
  ExpectNothing(FetchFrom(page), Code::kCorrupt, "text/html");
  Server swapped({Answer("200 OK", Length(file_.size()), std::string(file_.size(), 'x'))});
  ExpectNothing(FetchFrom(swapped), Code::kCorrupt, Sha256Hex(AsBytes(file_)));
}

TEST_F(FetchTest, AStalePieceDoesNotSpoilTheNextCall) {
  std::ofstream(part_) << std::string(4000, 'z');
  const std::string rest = Answer(
      "206 Partial Content",
      Length(file_.size() - 4000) + "Content-Range: bytes 4000-9999/10000\r\n", file_.substr(4000));
  Server server({rest, Answer("200 OK", Length(file_.size()), file_)});
  ExpectNothing(FetchFrom(server), Code::kCorrupt, "another file");
  ExpectWhole(FetchFrom(server));
}

TEST_F(FetchTest, FollowsRedirectsButNotForEver) {
  Server end({Answer("200 OK", Length(file_.size()), file_)});
  Server start({Answer("302 Found", Length(0) + "Location: " + end.url() + "\r\n", "")});
  ExpectWhole(FetchFrom(start));
  std::filesystem::remove(target_);
  Server circle({Answer("302 Found", Length(0) + "Location: /again\r\n", "")});
  const Status lost = FetchFrom(circle);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), Code::kUnavailable);
  EXPECT_LE(circle.requests().size(), 10u);
}

TEST_F(FetchTest, NamesARefusal) {
  Server server({Answer("404 Not Found", Length(0), "")});
  const Status refused = FetchFrom(server);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kUnavailable);
  EXPECT_THAT(refused.error().message(), HasSubstr("HTTP status 404"));
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(FetchTest, GivesUpOnAServerThatStalls) {
  options_.stall_timeout = std::chrono::seconds(1);
  options_.attempts = 1;
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  const Status stalled = FetchFrom(fmt::format("http://127.0.0.1:{}/", ntohs(address.sin_port)));
  ::close(listener);
  ASSERT_FALSE(stalled);
  EXPECT_EQ(stalled.error().code(), Code::kUnavailable);
}

TEST_F(FetchTest, IsHttpsUnlessTold) {
  options_.allow_http = false;
  Server server({Answer("200 OK", Length(file_.size()), file_)});
  EXPECT_FALSE(FetchFrom(server));
  EXPECT_TRUE(server.requests().empty());
}

}  // namespace
}  // namespace candid::models
