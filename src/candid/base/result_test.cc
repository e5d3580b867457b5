#include "candid/base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace candid {
namespace {

Result<std::unique_ptr<int>> Make(bool good) {
  if (!good) return Fail(Code::kNotFound, "no such thing");
  return std::make_unique<int>(7);
}

Result<int> Use(bool good) {
  CANDID_ASSIGN(auto made, Make(good));
  CANDID_TRY(Make(good));
  return *made;
}

TEST(Result, CarriesValuesAndErrorsThroughTheMacros) {
  EXPECT_EQ(*Use(true), 7);
  const auto failed = Use(false);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Code::kNotFound);
  EXPECT_EQ(failed.error().WithContext("opening").message(), "opening: no such thing");
  EXPECT_EQ(ClassOf(failed.error().code()), ErrorClass::kState);
  EXPECT_EQ(NameOf(failed.error().code()), "not_found");
}

}  // namespace
}  // namespace candid
