#include "candid/image/exif.h"

#include <gtest/gtest.h>

#include "candid/image/test_files.h"

namespace candid::image {
namespace {

TEST(Exif, ReadsBothByteOrders) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    EXPECT_EQ(ExifOrientation(ExifBlock(orientation, false)), orientation);
    EXPECT_EQ(ExifOrientation(ExifBlock(orientation, true)), orientation);
  }
}

TEST(Exif, TakesNonsenseAsUpright) {
  for (const int value : {0, 9, 255}) EXPECT_EQ(ExifOrientation(ExifBlock(value, true)), 1);
  for (const std::size_t broken : {0, 6, 9, 10, 11, 13, 17, 19, 23}) {
    Bytes block = ExifBlock(6, true);
    block[broken] = 0x77;
    EXPECT_EQ(ExifOrientation(block), 1) << "byte " << broken;
  }
}

TEST(Exif, StopsAtTheEnd) {
  const Bytes block = ExifBlock(6, false);
  for (std::size_t length = 0; length < 28; ++length) {
    // A copy of just that length, so that a sanitizer sees a read behind it.
    const Bytes cut(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_EQ(ExifOrientation(cut), 1) << length;
  }
}

TEST(Exif, BoundsTheOffsetOfIfd0) {
  Bytes block = ExifBlock(6, false);
  for (std::size_t i = 10; i < 14; ++i) block[i] = 0xff;
  EXPECT_EQ(ExifOrientation(block), 1);
}

}  // namespace
}  // namespace candid::image
