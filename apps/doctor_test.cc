#include "apps/doctor.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "candid/collections/access_keys.h"
#include "candid/store/store.h"

namespace candid::apps {
namespace {

class DoctorTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("candid_doctor_" + std::to_string(::getpid()));
};

TEST_F(DoctorTest, TellsStateFoldersApart) {
  EXPECT_EQ(ExamineStateFolder(folder_).verdict, Verdict::kGood);
  EXPECT_EQ(ExamineStateFolder(folder_ / "none").verdict, Verdict::kNote);
  std::ofstream(folder_ / "file") << "x";
  EXPECT_EQ(ExamineStateFolder(folder_ / "file").verdict, Verdict::kBroken);
  std::filesystem::permissions(folder_, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  const Finding open = ExamineStateFolder(folder_);
  EXPECT_EQ(open.verdict, Verdict::kNote);
  EXPECT_NE(open.remedy.find("chmod 700"), std::string::npos);
}

TEST_F(DoctorTest, MeasuresSpaceOfAFolderThatIsNotThereYet) {
  const Finding space = ExamineFreeSpace(folder_ / "a" / "b");
  EXPECT_NE(space.value.find(folder_.string()), std::string::npos) << space.value;
}

TEST_F(DoctorTest, SeesWhatAContainerMayUse) {
  EXPECT_EQ(ExamineMemory(folder_).value.find("container"), std::string::npos);
  std::ofstream(folder_ / "memory.max") << "max\n";
  std::ofstream(folder_ / "cpu.max") << "max 100000\n";
  EXPECT_EQ(ExamineMemory(folder_).value.find("container"), std::string::npos);
  EXPECT_EQ(ExamineProcessor(folder_).value.find("container"), std::string::npos);
  std::ofstream(folder_ / "memory.max") << "268435456\n";
  std::ofstream(folder_ / "cpu.max") << "50000 100000\n";
  const Finding memory = ExamineMemory(folder_);
  EXPECT_NE(memory.value.find("the container may use 256.0 MiB"), std::string::npos);
  EXPECT_EQ(memory.verdict, Verdict::kNote);
  EXPECT_NE(ExamineProcessor(folder_).value.find("may use 0.5 of them"), std::string::npos);
}

TEST_F(DoctorTest, CountsTheKeys) {
  EXPECT_EQ(ExamineKeys(folder_).verdict, Verdict::kGood) << "the first command makes them";
  const auto store = store::Store::Open(folder_);
  ASSERT_TRUE(store);
  const Finding none = ExamineKeys(folder_);
  EXPECT_EQ(none.verdict, Verdict::kNote);
  EXPECT_NE(none.remedy.find("candid keys create"), std::string::npos);
  const auto keys = collections::AccessKeys::Load(**store);
  const auto key = (*keys)->Create("door");
  ASSERT_TRUE(key);
  EXPECT_EQ(ExamineKeys(folder_).verdict, Verdict::kGood);
  EXPECT_EQ(ExamineKeys(folder_).value, "1 of 1 enabled");
  ASSERT_TRUE((*keys)->SetEnabled(key->id, false));
  EXPECT_EQ(ExamineKeys(folder_).verdict, Verdict::kNote);
}

TEST_F(DoctorTest, MissesTheModels) {
  const Finding missing = ExamineModels(folder_);
  EXPECT_EQ(missing.verdict, Verdict::kBroken);
  EXPECT_FALSE(missing.remedy.empty());
  std::filesystem::create_directories(folder_ / "models" / "candid-default");
  std::ofstream(folder_ / "models" / "candid-default" / "pack.toml") << "x";
  EXPECT_EQ(ExamineModels(folder_).verdict, Verdict::kBroken) << "a manifest that is none";
}

TEST_F(DoctorTest, ReadsTheDatabase) {
  EXPECT_EQ(ExamineDatabase(folder_).verdict, Verdict::kGood);
  {
    const auto store = store::Store::Open(folder_);
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->CreateCollection({"a", {}, {"p", "h", "1.0", 2}, {}, 0}, {}));
  }
  const Finding sound = ExamineDatabase(folder_);
  EXPECT_EQ(sound.verdict, Verdict::kGood) << sound.remedy;
  EXPECT_NE(sound.value.find("1 collection, 0 faces"), std::string::npos) << sound.value;
  std::ofstream(folder_ / "candid.db") << "not a database at all, for a hundred bytes and more, "
                                          "so that even its header cannot be read as one.......";
  const Finding damaged = ExamineDatabase(folder_);
  EXPECT_EQ(damaged.verdict, Verdict::kBroken);
  EXPECT_FALSE(damaged.remedy.empty());
}

TEST_F(DoctorTest, SeesAPortInUse) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  socklen_t length = sizeof address;
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), 0);
  const std::uint16_t port = ntohs(address.sin_port);
  EXPECT_EQ(ExaminePort(port).verdict, Verdict::kNote);
  ::close(listener);
  EXPECT_EQ(ExaminePort(port).verdict, Verdict::kGood);
}

}  // namespace
}  // namespace candid::apps
