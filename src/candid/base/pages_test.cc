#include "candid/base/pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>

namespace candid {
namespace {

TEST(PagesTest, AreZeroedAndMove) {
  for (const PageSize size : {PageSize::kSmall, PageSize::kHuge}) {
    constexpr std::size_t kBytes = (std::size_t{5} << 20) + 1;
    Pages pages(kBytes, size);
    ASSERT_GE(pages.bytes(), kBytes);
    EXPECT_TRUE(std::all_of(pages.data(), pages.data() + pages.bytes(),
                            [](std::byte b) { return b == std::byte{0}; }));
    pages.data()[kBytes - 1] = std::byte{7};
    Pages moved;
    moved = std::move(pages);
    EXPECT_EQ(moved.data()[kBytes - 1], std::byte{7});
    if (size == PageSize::kHuge) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(moved.data()) % (2 << 20), 0u);
    }
  }
}

TEST(PagesTest, RefuseWhatThereIsNot) {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  for (const std::size_t bytes : {kMost, kMost / 2, kMost / 4}) {
    EXPECT_THROW(Pages(bytes, PageSize::kSmall), std::bad_alloc);
    EXPECT_THROW(Pages(bytes, PageSize::kHuge), std::bad_alloc);
  }
}

}  // namespace
}  // namespace candid
