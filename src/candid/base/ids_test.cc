#include "candid/base/ids.h"

#include <gtest/gtest.h>

namespace candid {
namespace {

TEST(Uuid, HasTheFormAndTheVersion) {
  const std::string random = RandomUuid();
  EXPECT_TRUE(IsUuid(random)) << random;
  EXPECT_EQ(random[14], '4');
  EXPECT_NE(random, RandomUuid());
  const std::string named = NamedUuid(AsBytes("x"));
  EXPECT_TRUE(IsUuid(named)) << named;
  EXPECT_EQ(named[14], '5');
  EXPECT_EQ(named, NamedUuid(AsBytes("x")));
  EXPECT_NE(named, NamedUuid(AsBytes("y")));
}

TEST(Uuid, RefusesOtherForms) {
  EXPECT_FALSE(IsUuid(""));
  EXPECT_FALSE(IsUuid("465F4E93-763e-51d0-b030-b9667a2d94b1"));
  EXPECT_FALSE(IsUuid("465f4e93-763e-51d0-b030-b9667a2d94b"));
  EXPECT_FALSE(IsUuid("465f4e93x763e-51d0-b030-b9667a2d94b1"));
}

}  // namespace
}  // namespace candid
