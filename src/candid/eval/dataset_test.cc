#include "candid/eval/dataset.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace candid::eval {
namespace {

namespace fs = std::filesystem;

class DatasetTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "candid_dataset.XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Touch(const std::string& name) { Write(name, "x"); }
  void Write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }

  fs::path folder_;
};

TEST_F(DatasetTest, ListsPicturesOfSubjectsInOrder) {
  for (const char* name : {"b/2.JPG", "b/1.png", "a/9.jpeg", "a/notes.txt", "empty/readme.md",
                           ".hidden/1.jpg", "a/.x.jpg", "loose.jpg"}) {
    Touch(name);
  }
  const auto dataset = ListDataset(folder_);
  ASSERT_TRUE(dataset);
  ASSERT_EQ(dataset->images.size(), 3u);
  EXPECT_EQ(dataset->subjects, 2u);
  EXPECT_EQ(dataset->images[0].path, folder_ / "a/9.jpeg");
  EXPECT_EQ(dataset->images[1].path, folder_ / "b/1.png");
  EXPECT_EQ(dataset->images[2].path, folder_ / "b/2.JPG");
  EXPECT_EQ(dataset->images[0].subject, 0u);
  EXPECT_EQ(dataset->images[2].subject, 1u);
}

TEST_F(DatasetTest, PrefersTheFolderNamedImages) {
  Touch("images/a/1.jpg");
  Touch("other/2.jpg");
  const auto dataset = ListDataset(folder_);
  ASSERT_TRUE(dataset);
  ASSERT_EQ(dataset->images.size(), 1u);
  EXPECT_EQ(dataset->images[0].path, folder_ / "images/a/1.jpg");
}

TEST_F(DatasetTest, SaysWhatIsMissing) {
  EXPECT_EQ(ListDataset(folder_ / "nowhere").error().code(), Code::kNotFound);
  const auto empty = ListDataset(folder_);
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code(), Code::kNotFound);
  EXPECT_NE(empty.error().message().find("<subject>"), std::string::npos);
}

TEST_F(DatasetTest, TakesAFlatFolderForDistinctPeople) {
  Touch("images/b.jpg");
  Touch("images/a.jpg");
  const auto dataset = ListDataset(folder_);
  ASSERT_TRUE(dataset);
  EXPECT_TRUE(dataset->flat);
  EXPECT_EQ(dataset->subjects, 2u);
  EXPECT_EQ(dataset->images[1].name, "b.jpg");
  EXPECT_EQ(dataset->images[1].subject, 1u);
}

TEST_F(DatasetTest, GroupsByAnyColumnAndByCrossings) {
  for (const char* name : {"a/1.jpg", "a/2.jpg", "b/1.jpg", "c/1.jpg"}) Touch(name);
  Write("subjects.tsv", "subject\tsex\na\tmale\nb\tfemale\nc\t\nghost\tmale\n");
  Write("images.tsv", "image\tage\tpose\na/1.jpg\t3\tfront\na/2.jpg\t41\tside\nb/1.jpg\t9\tside\n");
  const auto plain = ListDataset(folder_);
  ASSERT_TRUE(plain) << plain.error().message();
  ASSERT_EQ(plain->groupings.size(), 3u);
  EXPECT_EQ(plain->groupings[0].name, "age");
  EXPECT_EQ(plain->groupings[0].groups, (std::vector<std::string>{"0-3", "4-12", "41-64"}));
  EXPECT_EQ(plain->groupings[0].of_image, (std::vector<std::uint16_t>{0, 2, 1, kNoGroup}));
  EXPECT_EQ(plain->groupings[2].name, "sex");
  EXPECT_EQ(plain->groupings[2].of_image, (std::vector<std::uint16_t>{1, 1, 0, kNoGroup}));
  ASSERT_EQ(plain->notes.size(), 1u);
  EXPECT_EQ(plain->notes[0].find("ghost"), std::string::npos);
  const auto crossed = ListDataset(folder_, {{"sex*pose"}, {}});
  ASSERT_TRUE(crossed);
  ASSERT_EQ(crossed->groupings.size(), 1u);
  EXPECT_EQ(crossed->groupings[0].groups,
            (std::vector<std::string>{"female*side", "male*front", "male*side"}));
  EXPECT_EQ(crossed->groupings[0].of_image, (std::vector<std::uint16_t>{1, 2, 0, kNoGroup}));
  EXPECT_EQ(ListDataset(folder_, {{"hair"}, {}}).error().code(), Code::kInvalidArgument);
}

TEST_F(DatasetTest, KeepsOnlyWhatConditionsName) {
  for (const char* name : {"a/1.jpg", "b/1.jpg", "b/2.jpg"}) Touch(name);
  Write("images.tsv", "image\tage\na/1.jpg\t3\nb/1.jpg\t30\nb/2.jpg\t50\n");
  Write("pairs.tsv", "same\timage_a\timage_b\n1\tb/1.jpg\tb/2.jpg\n0\ta/1.jpg\tb/1.jpg\n");
  const auto dataset = ListDataset(folder_, {{}, {"age=18-40,41-64"}});
  ASSERT_TRUE(dataset) << dataset.error().message();
  ASSERT_EQ(dataset->images.size(), 2u);
  EXPECT_EQ(dataset->subjects, 1u);
  EXPECT_EQ(dataset->images[0].subject, 0u);
  ASSERT_EQ(dataset->pairs.size(), 1u);
  EXPECT_EQ(dataset->pairs[0].a, 0u);
  EXPECT_EQ(dataset->groupings[0].groups, (std::vector<std::string>{"18-40", "41-64"}));
  EXPECT_EQ(ListDataset(folder_, {{}, {"age=99"}}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(ListDataset(folder_, {{}, {"age"}}).error().code(), Code::kInvalidArgument);
}

TEST_F(DatasetTest, TakesContradictionsForNotSaid) {
  for (const char* name : {"a/1.jpg", "a/2.jpg", "b/1.jpg"}) Touch(name);
  Write("subjects.tsv", "subject\tsex\na\tmale\na\tfemale\nb\tmale\nb\tmale\n");
  Write("pairs.tsv",
        "same\timage_a\timage_b\tfold\n1\ta/1.jpg\tb/1.jpg\t7\n0\ta/1.jpg\tb/9.jpg\t7\n"
        "2\ta/1.jpg\tb/1.jpg\t7\n1\ta/1.jpg\ta/1.jpg\t7\n");
  const auto dataset = ListDataset(folder_);
  ASSERT_TRUE(dataset);
  EXPECT_EQ(dataset->groupings[0].of_image, (std::vector<std::uint16_t>{kNoGroup, kNoGroup, 0}));
  ASSERT_EQ(dataset->pairs.size(), 1u);
  EXPECT_TRUE(dataset->pairs[0].same);
  EXPECT_EQ(dataset->pairs[0].fold, "7");
  EXPECT_EQ(dataset->notes.size(), 3u);
}

TEST_F(DatasetTest, RefusesLabelsThatAreNoTable) {
  Touch("a/1.jpg");
  Write("subjects.tsv", "name\tsex\na\tmale\n");
  EXPECT_EQ(ListDataset(folder_).error().code(), Code::kMalformed);
  Write("subjects.tsv", "subject\tsex\na\n");
  EXPECT_EQ(ListDataset(folder_).error().code(), Code::kMalformed);
  Write("subjects.tsv", "subject\tsex\na\tmale\n");
  Write("pairs.tsv", "a\tb\n");
  EXPECT_EQ(ListDataset(folder_).error().code(), Code::kMalformed);
}

}  // namespace
}  // namespace candid::eval
