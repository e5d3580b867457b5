#include "candid/models/pack.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "candid/base/hash.h"
#include "candid/base/ids.h"

namespace candid::models {
namespace {

using ::testing::HasSubstr;

const std::string kSha(64, 'a');

std::string PartText(const std::string& role, const std::string& kind, const std::string& more) {
  const std::string side = kind == "blazeface" ? "256" : "8";
  return "[[part]]\nrole = \"" + role + "\"\nname = \"n\"\nkind = \"" + kind + "\"\nfile = \"" +
         role + ".onnx\"\nsha256 = \"" + kSha + "\"\nbytes = 10\nwidth = " + side +
         "\nheight = " + side +
         "\nmean = [0, 0, 0]\nscale = [1, 1, 1]\n"
         "source = \"s\"\nlicence = \"l\"\ntraining_data = \"t\"\n" +
         more;
}

std::string Manifest() {
  return "[pack]\nname = \"p\"\nversion = \"1.0\"\n" + PartText("detector", "blazeface", "") +
         PartText("landmarks", "facemesh", "") +
         PartText("embedder", "arcface", "output_size = 4\n");
}

Result<Pack> Parse(const std::string& text) {
  return ParseManifest(AsBytes(text), "/packs/p/pack.toml");
}

// The manifest with the last `from` replaced: the embedder's, where every part has one.
std::string With(const std::string& from, const std::string& to) {
  std::string text = Manifest();
  const std::size_t at = text.rfind(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ManifestTest, TakesTheSmallestPack) {
  const auto pack = Parse(Manifest());
  ASSERT_TRUE(pack) << pack.error().message();
  EXPECT_EQ(pack->dimension(), 4);
  EXPECT_EQ(pack->parts[2].file, "/packs/p/embedder.onnx");
  EXPECT_EQ(pack->parts[2].bytes, 10u);
  EXPECT_FALSE(pack->parts[2].input.bgr);
}

std::string ScoreText(const std::string& more = "") {
  return fmt::format(
      "[[part]]\nrole = \"score\"\nname = \"s\"\nkind = \"figures\"\nfile = \"score.onnx\"\n"
      "sha256 = \"{}\"\nbytes = 10\nsource = \"s\"\nlicence = \"l\"\ntraining_data = \"t\"\n{}",
      kSha, more);
}

TEST(ManifestTest, AScoreIsPartOfThePackAndTakesNoPicture) {
  const auto without = Parse(Manifest()), with = Parse(Manifest() + ScoreText());
  ASSERT_TRUE(with) << with.error().message();
  EXPECT_EQ(without->score(), nullptr);
  ASSERT_NE(with->score(), nullptr);
  EXPECT_EQ(with->score()->name, "s");
  EXPECT_NE(with->Hash(), without->Hash()) << "figures are stored with the templates";
  EXPECT_FALSE(Parse(Manifest() + ScoreText("width = 16\n")));
  EXPECT_FALSE(Parse(Manifest() + ScoreText() + ScoreText())) << "one at most";
}

TEST(ManifestTest, AttributesShapeNoTemplate) {
  std::string text = ScoreText();
  text.replace(text.find("score"), 5, "attributes");
  text.replace(text.find("figures"), 7, "traits");
  const auto without = Parse(Manifest()), with = Parse(Manifest() + text);
  ASSERT_TRUE(with) << with.error().message();
  EXPECT_EQ(without->attributes(), nullptr);
  ASSERT_NE(with->attributes(), nullptr);
  EXPECT_EQ(with->Hash(), without->Hash());
  EXPECT_FALSE(Parse(Manifest() + text + text)) << "one at most";
  EXPECT_FALSE(Parse(Manifest() + text + "width = 16\n")) << "it takes no picture";
}

TEST(ManifestTest, AnEmbedderMayKnowTheAge) {
  EXPECT_FALSE(Parse(Manifest())->parts[2].age_output);
  const auto pack = Parse(With("output_size = 4", "output_size = 4\nage_output = 1"));
  ASSERT_TRUE(pack) << pack.error().message();
  EXPECT_EQ(pack->parts[2].age_output, 1);
  EXPECT_FALSE(Parse(With("output_size = 4", "output_size = 4\nage_output = 64")));
}

struct Wrong {
  std::string from, to, says;
};

TEST(ManifestTest, NamesFileMemberAndLimit) {
  const Wrong kWrong[] = {
      {"bytes = 10\n", "", "part 3.bytes wants a whole number from 1 to 1073741824"},
      {"bytes = 10", "bytes = 0", "part 3.bytes"},
      {"bytes = 10", "bytes = 1073741825", "part 3.bytes"},
      {"bytes = 10", "bytes = 10.5", "part 3.bytes"},
      {"width = 8\n", "", "part 3.width wants a whole number from 1 to 4096"},
      {"height = 8", "height = 5000", "part 3.height"},
      {"height = 8", "height = 9", "part 3.width is 8 and part 3.height is 9"},
      {"width = 256\nheight = 256", "width = 128\nheight = 128", "blazeface wants 256"},
      {"mean = [0, 0, 0]", "mean = [0, 0]", "part 3.mean"},
      {"scale = [1, 1, 1]", "scale = [1, 1, nan]", "part 3.scale"},
      {"width = 8", "width = 8\norder = \"rbg\"", "part 3.order is 'rbg', want rgb or bgr"},
      {"output_size = 4\n", "", "part 3.output_size wants a whole number from 1 to 8192"},
      {"output_size = 4", "output_size = 4\noutput = \"x\"", "part 3.output is no member"},
      {"output_size = 4", "output_size = 4\nweight = 0", "part 3.weight"},
      {"output_size = 4", "output_size = 4\nmatrix = \"m\"", "part 3.matrix_sha256 is missing"},
      {"kind = \"arcface\"", "kind = \"blazeface\"", "part 3.kind is 'blazeface'"},
      {"role = \"embedder\"", "role = \"oracle\"", "part 3.role is 'oracle'"},
      {"file = \"embedder.onnx\"", "file = \"../x\"", "part 3.file is '../x'"},
      {"file = \"embedder.onnx\"", "file = \"/x\"", "part 3.file is '/x'"},
      {"file = \"embedder.onnx\"", "file = \".\"", "part 3.file is '.'"},
      {kSha, "abc", "part 3.sha256 is not 64"},
      {"licence = \"l\"", "licence = \"\\u001b[2J\"", "part 3.licence is not one line"},
      {"name = \"p\"", "name = \"../p\"", "pack.name"},
      {"version = \"1.0\"", "version = \"new\"", "pack.version"},
      {"version = \"1.0\"", "version = \"1.0\"\nflavour = 1", "pack.flavour is no member"},
      {"width = 8", "width =", "line"},
      {"name = \"p\"", "name = \"p\" # \xef\xbb\xbd", "line 2: a manifest is ASCII"},
  };
  for (const Wrong& wrong : kWrong) {
    const auto pack = Parse(With(wrong.from, wrong.to));
    ASSERT_FALSE(pack) << wrong.says;
    EXPECT_EQ(pack.error().code(), Code::kMalformed);
    EXPECT_THAT(pack.error().message(), HasSubstr("/packs/p/pack.toml"));
    EXPECT_THAT(pack.error().message(), HasSubstr(wrong.says));
  }
}

TEST(ManifestTest, WantsEachRole) {
  EXPECT_FALSE(Parse("[pack]\nname = \"p\"\nversion = \"1\"\n"));
  EXPECT_FALSE(Parse(Manifest() + PartText("detector", "blazeface", "")));
  EXPECT_TRUE(Parse(Manifest() + PartText("embedder", "face-box", "output_size = 4\n")));
}

TEST(ManifestTest, TheHashFollowsWhatShapesATemplateAndNothingElse) {
  const std::string hash = Parse(Manifest())->Hash();
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {kSha, std::string(64, 'b')},
           {"width = 8\nheight = 8", "width = 9\nheight = 9"},
           {"width = 8", "width = 8\norder = \"bgr\""},
           {"mean = [0", "mean = [1"},
           {"scale = [1", "scale = [2"},
           {"output_size = 4", "output_size = 5"},
           {"output_size = 4", "output_size = 4\nflip = false"},
           {"output_size = 4", "output_size = 4\nweight = 2"},
           {"output_size = 4", "output_size = 4\nchip_scale = 1.2"},
           {"kind = \"arcface\"", "kind = \"face-box\""}}) {
    const auto pack = Parse(With(from, to));
    ASSERT_TRUE(pack) << pack.error().message();
    EXPECT_NE(pack->Hash(), hash) << to;
  }
  EXPECT_EQ(Parse(Manifest())->Hash(kTemplateRevision), hash);
  EXPECT_NE(Parse(Manifest())->Hash(kTemplateRevision - 1), hash) << "templates of before";
  EXPECT_EQ(Parse(With("name = \"p\"", "name = \"q\""))->Hash(), hash);
  EXPECT_EQ(Parse(With("licence = \"l\"", "licence = \"m\""))->Hash(), hash);
  EXPECT_EQ(Parse(With("file = \"embedder", "file = \"other"))->Hash(), hash);
}

class PartFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(folder_);
    part_.file = folder_ / "a.onnx";
    part_.bytes = 5;
    part_.sha256 = Sha256Hex(AsBytes("model"));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void ExpectError(Code code, const std::string& found) {
    const auto bytes = ReadPartFile(part_);
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().code(), code);
    for (const std::string& word : {part_.file.string(), part_.sha256, found, std::string("./up"),
                                    std::string("candid models verify")}) {
      EXPECT_THAT(bytes.error().message(), HasSubstr(word));
    }
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("candid_pack_" + RandomUuid());
  Part part_;
};

TEST_F(PartFileTest, NamesMissingCutAndSwappedFiles) {
  ExpectError(Code::kCorrupt, "missing");
  std::ofstream(part_.file) << "model";
  EXPECT_TRUE(ReadPartFile(part_));
  std::ofstream(part_.file) << "mod";
  ExpectError(Code::kCorrupt, Sha256Hex(AsBytes("mod")));
  std::ofstream(part_.file) << "other";
  ExpectError(Code::kCorrupt, Sha256Hex(AsBytes("other")));
}

}  // namespace
}  // namespace candid::models
