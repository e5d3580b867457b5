#include "candid/store/testing_store.h"

namespace candid::store {
namespace {

using TagsTest = TestingStore;

TEST_F(TagsTest, AreKeptByCollection) {
  Create("a");
  ASSERT_TRUE(store_->CreateCollection({"b", {}, {"pack", "hash", "1.0", 2}, Keep::kNone, 0, 0}, {},
                                       {{"team", "blue"}, {"empty", ""}}));
  Open();
  EXPECT_EQ(*store_->ListTags("a"), Tags());
  EXPECT_EQ(*store_->ListTags("b"), (Tags{{"team", "blue"}, {"empty", ""}}));
  ASSERT_TRUE(store_->SetTags("b", {{"team", "red"}, {"more", "1"}}, {}));
  ASSERT_TRUE(store_->RemoveTags("b", {"empty", "absent"}, {}));
  EXPECT_EQ(*store_->ListTags("b"), (Tags{{"team", "red"}, {"more", "1"}}));
  EXPECT_EQ(store_->ListTags("c").error().code(), Code::kNotFound);
  EXPECT_EQ(store_->SetTags("c", {{"a", "b"}}, {}).error().code(), Code::kNotFound);
  EXPECT_EQ(store_->RemoveTags("c", {"a"}, {}).error().code(), Code::kNotFound);
  ASSERT_TRUE(store_->DeleteCollection("b", {}));
  Create("b");
  EXPECT_EQ(*store_->ListTags("b"), Tags());
}

TEST_F(TagsTest, AreNoMoreThanTheLimit) {
  Create("a");
  Tags most;
  for (std::size_t i = 0; i < kMaxTags; ++i) most[std::to_string(i)] = "x";
  ASSERT_TRUE(store_->SetTags("a", most, {}));
  EXPECT_EQ(store_->SetTags("a", {{"one more", ""}}, {}).error().code(), Code::kExhausted);
  ASSERT_TRUE(store_->SetTags("a", {{"0", "changed"}}, {})) << "a key that is there takes no room";
  most["0"] = "changed";
  EXPECT_EQ(*store_->ListTags("a"), most) << "a refused call changes nothing";
}

}  // namespace
}  // namespace candid::store
