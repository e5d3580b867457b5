#include "candid/models/shelf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "candid/base/ids.h"
#include "candid/models/install.h"
#include "candid/models/testing_packs.h"
#include "candid/models/testing_server.h"

namespace candid::models {
namespace {

using ::testing::HasSubstr;

const std::filesystem::path kCatalogue =
    std::filesystem::path(std::getenv("CANDID_SOURCE_DIR")) / "models/packs";

class ShelfTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(root_ / "catalogue"); }
  void TearDown() override { std::filesystem::remove_all(root_); }

  // A pack's folder as a user has it; the manifest's path.
  std::filesystem::path MakePack(const std::string& name, const Bytes& embedder,
                                 const std::string& more = "output_size = 8\n") {
    const auto folder = root_ / ("source-" + name);
    const std::string text =
        testing::PackHead(folder, name) +
        testing::PartText("embedder", "arcface", "embedder.onnx", embedder, 16, more);
    EXPECT_TRUE(WriteFileDurably(folder / "embedder.onnx", embedder));
    EXPECT_TRUE(WriteFileDurably(folder / "my.toml", AsBytes(text)));
    return folder / "my.toml";
  }

  void ExpectError(const Result<Pack>& result, Code code, const std::string& says) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), code);
    EXPECT_THAT(result.error().message(), HasSubstr(says));
  }

  const std::filesystem::path root_ =
      std::filesystem::temp_directory_path() / ("candid_shelf_" + RandomUuid());
  const Shelf shelf_{root_ / "models", root_ / "catalogue"};
  const Bytes embedder_ = testing::SmallNetwork(16, 8, 3);
};

TEST_F(ShelfTest, IsEmptyAtFirst) {
  const auto packs = shelf_.Packs();
  ASSERT_TRUE(packs);
  EXPECT_TRUE(packs->empty());
  ExpectError(shelf_.Active(), Code::kUnavailable, "./up installs them");
  ExpectError(shelf_.Find("mine"), Code::kNotFound, "candid models list");
}

TEST_F(ShelfTest, AddsUsesAndListsAUsersPack) {
  std::vector<std::string> shown;
  Terms terms;
  terms.show = [&](const Pack& pack) { shown.push_back(pack.parts[2].origin.licence); };
  const auto added = shelf_.Add(MakePack("mine", embedder_), terms);
  ASSERT_TRUE(added) << added.error().message();
  EXPECT_TRUE(Verify(*added));
  ASSERT_EQ(shelf_.Packs()->size(), 1u);
  EXPECT_FALSE(shelf_.Active()) << "adding is not using";
  ASSERT_TRUE(shelf_.Use("mine", terms));
  EXPECT_EQ(shelf_.Active()->name, "mine");
  EXPECT_THAT(shown, ::testing::ElementsAre("none needed", "none needed"));
  // The same again is no error; another pack of that name is.
  EXPECT_TRUE(shelf_.Add(MakePack("mine", embedder_), {}));
  ExpectError(shelf_.Add(MakePack("mine", testing::SmallNetwork(16, 8, 4)), {}),
              Code::kAlreadyExists, "another pack mine");
  EXPECT_EQ(shelf_.Find("mine")->Hash(), added->Hash());
}

TEST_F(ShelfTest, NamesTheOperatorThatItCannotRun) {
  const auto added = shelf_.Add(MakePack("odd", testing::SmallNetwork(16, 8, 3, "LSTM")), {});
  ExpectError(added, Code::kUnsupported, "LSTM");
  EXPECT_TRUE(shelf_.Packs()->empty());
  EXPECT_FALSE(std::filesystem::exists(root_ / "models" / "odd"));
}

TEST_F(ShelfTest, RefusesSizesThatAreNotTheNetworks) {
  ExpectError(shelf_.Add(MakePack("long", embedder_, "output_size = 9\n"), {}), Code::kMalformed,
              "gives 8 figures where its manifest says 9");
  const auto manifest = MakePack("cut", embedder_);
  std::filesystem::remove(manifest.parent_path() / "embedder.onnx");
  ExpectError(shelf_.Add(manifest, {}), Code::kNotFound, "embedder.onnx");
  std::ofstream(manifest.parent_path() / "embedder.onnx") << "not the one";
  ExpectError(shelf_.Add(manifest, {}), Code::kNotFound, "embedder.onnx");
}

TEST_F(ShelfTest, NonCommercialWeightsWantAYes) {
  const auto manifest =
      MakePack("research", embedder_, "output_size = 8\ncommercial_use = false\n");
  bool shown = false;
  Terms terms;
  terms.show = [&](const Pack&) { shown = true; };
  ExpectError(shelf_.Add(manifest, terms), Code::kDenied, "--accept-non-commercial");
  EXPECT_TRUE(shown);
  EXPECT_TRUE(shelf_.Packs()->empty());
  terms.accept_non_commercial = true;
  ASSERT_TRUE(shelf_.Add(manifest, terms));
  ExpectError(shelf_.Use("research", {}), Code::kDenied, "not for commercial use");
  EXPECT_TRUE(shelf_.Use("research", terms));
}

TEST_F(ShelfTest, RecognisesAFileAloneAndTakesTheRestFromTheShelf) {
  ASSERT_TRUE(shelf_.Add(MakePack("base", embedder_), {}));
  const auto manifest = MakePack("larger", testing::SmallNetwork(16, 12, 5), "output_size = 12\n");
  std::filesystem::copy_file(manifest, root_ / "catalogue" / "larger.toml");
  const auto file = root_ / "downloaded (1).bin";
  std::filesystem::copy_file(manifest.parent_path() / "embedder.onnx", file);
  const auto added = shelf_.Add(file, {});
  ASSERT_TRUE(added) << added.error().message();
  EXPECT_EQ(added->name, "larger");
  EXPECT_TRUE(Verify(*added));
  std::ofstream(file) << "x";
  ExpectError(shelf_.Add(file, {}), Code::kInvalidArgument, "docs/formats/pack.md");
}

TEST_F(ShelfTest, TellsOfDamageAndMendsIt) {
  const auto manifest = MakePack("mine", embedder_);
  const auto added = shelf_.Add(manifest, {});
  ASSERT_TRUE(added);
  std::filesystem::resize_file(added->parts[2].file, 10);
  const Status damaged = Verify(*shelf_.Find("mine"));
  ASSERT_FALSE(damaged);
  EXPECT_THAT(damaged.error().message(), HasSubstr(added->parts[2].sha256));
  ExpectError(shelf_.Use("mine", {}), Code::kCorrupt, "embedder.onnx");
  ASSERT_TRUE(shelf_.Add(manifest, {}));
  EXPECT_TRUE(Verify(*shelf_.Find("mine")));
}

// A pack of the catalogue whose embedder lies at `url`.
class GetTest : public ShelfTest {
 protected:
  void SetUp() override {
    ShelfTest::SetUp();
    options_.allow_http = true;
    options_.attempts = 1;
    ASSERT_TRUE(shelf_.Add(MakePack("base", testing::SmallNetwork(16, 8, 9)), {}));
  }
  void Offer(const std::string& url) {
    std::string text =
        testing::PackHead(root_ / "base", "far") +
        testing::PartText("embedder", "arcface", "e.onnx", embedder_, 16, "output_size = 8\n");
    text.replace(text.rfind("\"random\""), 8, "\"" + url + "\"");
    ASSERT_TRUE(WriteFileDurably(root_ / "catalogue" / "far.toml", AsBytes(text)));
  }
  std::string file() const { return std::string(AsText(embedder_)); }

  const std::filesystem::path downloads_ = root_ / "models" / "downloads";
  FetchOptions options_;
};

TEST_F(GetTest, CarriesOnWhereItWasBrokenOff) {
  const std::string first = file().substr(0, 100), rest = file().substr(100);
  testing::Server server({testing::Answer("200 OK", testing::Length(file().size()), first),
                          testing::Answer("206 Partial Content",
                                          testing::Length(rest.size()) +
                                              fmt::format("Content-Range: bytes 100-{0}/{1}\r\n",
                                                          file().size() - 1, file().size()),
                                          rest)});
  Offer(server.url());
  ExpectError(shelf_.Get("far", {}, options_), Code::kUnavailable, "the same command carries on");
  EXPECT_FALSE(shelf_.Find("far")) << "half a pack is none";
  const auto got = shelf_.Get("far", {}, options_);
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_THAT(server.requests().at(1), HasSubstr("Range: bytes=100-"));
  EXPECT_TRUE(Verify(*got));
  EXPECT_FALSE(std::filesystem::exists(downloads_));
}

TEST_F(GetTest, TakesNothingElse) {
  testing::Server server({testing::Answer("200 OK", "", std::string(file().size(), 'x')),
                          testing::Answer("200 OK", "", file() + "and more")});
  Offer(server.url());
  ExpectError(shelf_.Get("far", {}, options_), Code::kCorrupt, "sends another file");
  ExpectError(shelf_.Get("far", {}, options_), Code::kTooLarge, "more than");
  EXPECT_FALSE(shelf_.Find("far"));
  ExpectError(shelf_.Get("near", {}), Code::kNotFound, "candid models list");
}

TEST_F(GetTest, AsksForNothingBeforeTheTermsAreTaken) {
  testing::Server server({testing::Answer("200 OK", "", file())});
  Offer(server.url());
  const auto manifest = root_ / "catalogue" / "far.toml";
  std::ofstream(manifest, std::ios::app) << "commercial_use = false\n";
  ExpectError(shelf_.Get("far", {}, options_), Code::kDenied, "--accept-non-commercial");
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(ShelfTest, AManifestThatIsBrokenIsNamed) {
  std::filesystem::create_directories(root_ / "models" / "torn");
  std::ofstream(root_ / "models" / "torn" / "pack.toml") << "[pack";
  const auto packs = shelf_.Packs();
  ASSERT_FALSE(packs);
  EXPECT_THAT(packs.error().message(), HasSubstr("torn/pack.toml"));
  // And does not stand in the way of the others.
  ASSERT_TRUE(shelf_.Add(MakePack("mine", embedder_), {}));
  ASSERT_TRUE(shelf_.Use("mine", {}));
  EXPECT_TRUE(shelf_.Active());
}

TEST_F(ShelfTest, TakesNoNameThatLeadsElsewhere) {
  ASSERT_TRUE(shelf_.Add(MakePack("mine", embedder_), {}));
  std::filesystem::copy(root_ / "models" / "mine", root_ / "outside");
  for (const char* name : {"../outside", "", ".", "mine/../mine", "MINE"}) {
    ExpectError(shelf_.Find(name), Code::kNotFound, "candid models list");
  }
  std::filesystem::rename(root_ / "models" / "mine", root_ / "models" / "yours");
  ExpectError(shelf_.Find("yours"), Code::kCorrupt, "names the pack mine");
}

TEST_F(ShelfTest, TakesTheCalibrationTableAlong) {
  const auto manifest = MakePack("mine", embedder_);
  std::string text(AsText(*ReadFile(manifest, 1 << 20)));
  text.insert(text.find("version"), "calibration = \"table.toml\"\n");
  ASSERT_TRUE(WriteFileDurably(manifest, AsBytes(text)));
  ExpectError(shelf_.Add(manifest, {}), Code::kNotFound, "table.toml");
  EXPECT_FALSE(shelf_.Find("mine"));
  ASSERT_TRUE(WriteFileDurably(manifest.parent_path() / "table.toml", AsBytes("rates")));
  const auto added = shelf_.Add(manifest, {});
  ASSERT_TRUE(added) << added.error().message();
  EXPECT_EQ(AsText(*ReadFile(added->calibration, 100)), "rates");
}

TEST_F(ShelfTest, TheChoiceMayBeWrittenByHand) {
  ASSERT_TRUE(shelf_.Add(MakePack("mine", embedder_), {}));
  std::ofstream(root_ / "models" / "active") << "mine\n";
  ASSERT_TRUE(shelf_.Active());
  EXPECT_EQ(shelf_.Active()->name, "mine");
}

TEST_F(ShelfTest, SaysWhatIsNoModelFile) {
  ExpectError(shelf_.Add(root_, {}), Code::kInvalidArgument, "is no file");
  ExpectError(shelf_.Add(root_ / "nowhere.onnx", {}), Code::kNotFound, "nowhere.onnx");
  std::ofstream(root_ / "large");
  std::filesystem::resize_file(root_ / "large", kMaxModelBytes + 1);
  ExpectError(shelf_.Add(root_ / "large", {}), Code::kTooLarge, "a model file at most");
}

TEST(CatalogueTest, EveryShippedManifestIsSoundAndSaysItsTerms) {
  const auto packs = Shelf("/nowhere", kCatalogue).Catalogue();
  ASSERT_TRUE(packs) << packs.error().message();
  EXPECT_GE(packs->size(), 5u);
  for (const Pack& pack : *packs) {
    SCOPED_TRACE(pack.name);
    EXPECT_EQ(pack.manifest.stem(), pack.name);
    EXPECT_FALSE(pack.title.empty());
    for (const Part& part : pack.parts) {
      const std::string& source = part.origin.source;
      EXPECT_TRUE(source.starts_with("npm ") || source.starts_with("https://") ||
                  source.starts_with("shipped"))
          << source;
    }
    // They share the default pack's detector and landmarks, so `add` of the embedder suffices.
    EXPECT_EQ(pack.detector().sha256, packs->front().detector().sha256);
    EXPECT_EQ(pack.landmarks().sha256, packs->front().landmarks().sha256);
  }
}

}  // namespace
}  // namespace candid::models
