#include "candid/store/leftovers.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "candid/base/ids.h"

namespace candid::store {
namespace {

Needle Text(const std::string& text) {
  return {NeedleKind::kId, Bytes(AsBytes(text).begin(), AsBytes(text).end())};
}

TEST(LeftoverSearchTest, FindsNeedlesWhereverTheyLie) {
  const LeftoverSearch search({Text("12345678"), Text("absent--"), Text("12345678-and-more")});
  EXPECT_TRUE(search.In(AsBytes("1234567")).empty());
  EXPECT_EQ(search.In(AsBytes("x12345678x")), std::vector<std::size_t>{0});
  EXPECT_EQ(search.In(AsBytes("12345678-and-more")), (std::vector<std::size_t>{0, 2}));
}

TEST(LeftoverSearchTest, NothingHidesOnABorderOfWhatIsReadAtOnce) {
  const auto file = std::filesystem::path(testing::TempDir()) / RandomUuid();
  const LeftoverSearch search({Text("a needle in the hay")});
  for (const int shift : {-19, -10, -8, -1, 0}) {
    std::string hay(3 << 20, '.');
    hay.replace(static_cast<std::size_t>((2 << 20) + shift), 19, "a needle in the hay");
    std::ofstream(file, std::ios::binary) << hay;
    std::uint64_t bytes = 0;
    const auto found = search.InFile(file, &bytes);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->size(), 1u) << shift;
    EXPECT_EQ(bytes, hay.size());
  }
  std::filesystem::remove(file);
  std::uint64_t bytes = 0;
  EXPECT_EQ(search.InFile(file, &bytes).error().code(), Code::kIo);
}

TEST(LeftoverSearchTest, PiecesAreWhatSaysWhoseItIs) {
  std::mt19937 random(7);
  Bytes bytes(320);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  std::vector<Needle> pieces;
  AddPieces(NeedleKind::kTemplate, bytes, 1, &pieces);
  EXPECT_EQ(pieces.size(), 20u);
  pieces.clear();
  AddPieces(NeedleKind::kCrop, bytes, 1, &pieces);
  EXPECT_EQ(pieces.size(), 10u);
  pieces.clear();
  AddPieces(NeedleKind::kTemplate, bytes, 7, &pieces);
  EXPECT_EQ(pieces.size(), 3u);
  pieces.clear();
  AddPieces(NeedleKind::kTemplate, Bytes(320, 0), 1, &pieces);
  EXPECT_TRUE(pieces.empty());
}

}  // namespace
}  // namespace candid::store
