// Packs that join two embedders, from the manifest to the template.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <numeric>

#include "candid/base/ids.h"
#include "candid/face/embed.h"
#include "candid/face/pipeline.h"
#include "candid/models/shelf.h"
#include "candid/models/testing_packs.h"

namespace candid::models {
namespace {

constexpr int kBoxSide = 32;
constexpr int kRows = 5;

image::Image RandomImage(int side, unsigned seed) {
  std::mt19937 random(seed);
  image::Image picture{side, side, Bytes(std::size_t{3} * side * side)};
  for (auto& value : picture.rgb) value = static_cast<std::uint8_t>(random());
  return picture;
}

std::vector<float> Unit(std::vector<float> vector) {
  const double length =
      std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0));
  for (float& value : vector) value = static_cast<float>(value / length);
  return vector;
}

class JointTest : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(root_); }

  // Adds a pack of these embedders and embeds with it.
  std::vector<float> TemplateOf(const std::string& name, const std::string& embedders) {
    const std::string text = testing::PackHead(root_, name) + embedders;
    EXPECT_TRUE(WriteFileDurably(root_ / "first.onnx", first_));
    EXPECT_TRUE(WriteFileDurably(root_ / "second.onnx", second_));
    EXPECT_TRUE(WriteFileDurably(root_ / "matrix.f32", matrix_bytes()));
    EXPECT_TRUE(WriteFileDurably(root_ / "pack.toml", AsBytes(text)));
    const auto pack = Shelf(root_ / "models").Add(root_ / "pack.toml", {});
    EXPECT_TRUE(pack) << pack.error().message();
    const auto arena = std::make_shared<infer::Arena>();
    face::TemplateMaker maker;
    for (const Part* part : pack->embedders()) {
      auto model = infer::Model::Load(*ReadPartFile(*part), part->name);
      std::vector<float> matrix;
      if (!part->matrix.empty()) matrix = *ReadPartMatrix(*part);
      maker.embedders.push_back(
          {face::Network(*model, *part, infer::Precision::kF32, arena), std::move(matrix)});
    }
    const auto joined = face::Embed(maker, {aligned_, &picture_, {10, 12, 60, 60}});
    EXPECT_TRUE(joined) << joined.error().message();
    EXPECT_EQ(joined->values.size(), static_cast<std::size_t>(pack->dimension()));
    return joined->values;
  }

  ByteSpan matrix_bytes() const {
    return {reinterpret_cast<const std::uint8_t*>(matrix_.data()), matrix_.size() * sizeof(float)};
  }
  std::string First(const std::string& more) const {
    return testing::PartText("embedder", "arcface", "first.onnx", first_, 112,
                             "output_size = 8\n" + more);
  }
  std::string Second(const std::string& more) const {
    return testing::PartText("embedder", "face-box", "second.onnx", second_, kBoxSide,
                             "output_size = 12\nchip_scale = 1.2\nflip = false\n" + more);
  }

  const std::filesystem::path root_ =
      std::filesystem::temp_directory_path() / ("candid_joint_" + RandomUuid());
  const Bytes first_ = testing::SmallNetwork(112, 8, 11);
  const Bytes second_ = testing::SmallNetwork(kBoxSide, 12, 12);
  const std::vector<float> matrix_ = [] {
    std::mt19937 random(13);
    std::normal_distribution<float> normal;
    std::vector<float> values(std::size_t{kRows} * 12);
    for (float& value : values) value = normal(random);
    return values;
  }();
  const image::Image aligned_ = RandomImage(112, 1);
  const image::Image picture_ = RandomImage(96, 2);
};

TEST_F(JointTest, ReducesWeighsAndLaysEndToEnd) {
  const std::vector<float> first = TemplateOf("a", First(""));
  const std::vector<float> second = TemplateOf("b", Second(""));
  std::vector<float> reduced(kRows);
  for (std::size_t row = 0; row < kRows; ++row) {
    reduced[row] = std::inner_product(second.begin(), second.end(),
                                      matrix_.begin() + static_cast<std::ptrdiff_t>(row * 12), 0.F);
  }
  std::vector<float> expected = first;
  for (const float value : Unit(reduced)) expected.push_back(0.35F * value);
  expected = Unit(expected);

  const std::vector<float> joined = TemplateOf(
      "ab", First("weight = 1.0\n") +
                Second(fmt::format("weight = 0.35\nmatrix = \"matrix.f32\"\nmatrix_rows = {}\n"
                                   "matrix_sha256 = \"{}\"\n",
                                   kRows, Sha256Hex(matrix_bytes()))));
  ASSERT_EQ(joined.size(), expected.size());
  for (std::size_t i = 0; i < joined.size(); ++i) EXPECT_NEAR(joined[i], expected[i], 1e-5) << i;
}

TEST_F(JointTest, APackThatCannotDetectIsRefusedByItsName) {
  (void)TemplateOf("odd", First(""));
  const auto pack = Shelf(root_ / "models").Find("odd");
  ASSERT_TRUE(pack) << pack.error().message();
  const auto pipeline = face::Pipeline::Create(*pack);
  ASSERT_FALSE(pipeline);
  EXPECT_EQ(pipeline.error().code(), Code::kUnsupported);
  EXPECT_EQ(pipeline.error().message(),
            "pack odd: the detector's outputs are not those of a BlazeFace network");
}

}  // namespace
}  // namespace candid::models
