#include "candid/api/access.h"

#include <gtest/gtest.h>

namespace candid::api {
namespace {

using collections::Grant;
using collections::Policy;

Grant With(std::vector<Policy> policies) {
  return {.secret = "s", .key_id = "AKCANDID1", .session = "", .policies = std::move(policies)};
}

std::string Ask(const Grant& grant, std::string_view action, const std::string& collection) {
  const auto allowed = CheckAccess(grant, {action, collection, "eu-west-1", "123456789012"});
  return allowed ? "ok" : allowed.error().type + " " + allowed.error().message;
}

TEST(AccessTest, DeniesInAmazonsWords) {
  Grant grant = With({{{"List*"}, {}, false, 0, 0}});
  EXPECT_EQ(
      Ask(grant, "IndexFaces", "door"),
      "AccessDeniedException User: arn:aws:iam::123456789012:user/AKCANDID1 is not authorized "
      "to perform: rekognition:IndexFaces on resource: "
      "arn:aws:rekognition:eu-west-1:123456789012:collection/door");
  grant.session = "ASCANDID1";
  EXPECT_EQ(Ask(grant, "DetectFaces", ""),
            "AccessDeniedException User: "
            "arn:aws:sts::123456789012:assumed-role/AKCANDID1/ASCANDID1 is not authorized to "
            "perform: rekognition:DetectFaces on resource: *");
  EXPECT_EQ(Ask(grant, "ListFaces", "door"), "ok");
}

TEST(AccessTest, EveryPolicyMustAllow) {
  const Grant grant = With({{{"List*", "Search*"}, {"a*"}, false, 0, 0}, {{}, {"*b"}, true, 0, 0}});
  EXPECT_EQ(Ask(grant, "ListFaces", "ab"), "ok");
  EXPECT_NE(Ask(grant, "ListFaces", "a"), "ok");
  EXPECT_NE(Ask(grant, "ListFaces", "b"), "ok");
  EXPECT_NE(Ask(grant, "DeleteFaces", "ab"), "ok");
  EXPECT_EQ(Ask(With({}), "DeleteFaces", "x"), "ok") << "unsigned callers, where let in";
}

TEST(AccessTest, WhoIsHeldToSomeCollectionsDoesNotListThemAll) {
  EXPECT_NE(Ask(With({{{}, {"a*"}, false, 0, 0}}), "ListCollections", ""), "ok");
  EXPECT_EQ(Ask(With({{{}, {"*"}, false, 0, 0}}), "ListCollections", ""), "ok");
  EXPECT_EQ(Ask(With({{{}, {"a*"}, false, 0, 0}}), "DetectFaces", ""), "ok");
}

TEST(AccessTest, FindsWhatTheTrailKeeps) {
  const OperationSchema* schema = SchemaOf("SearchFacesByImage");
  const auto input = Input::Parse(R"({"CollectionId":"c","Image":{"Bytes":"YWJj"},)"
                                  R"("FaceMatchThreshold":91.5})",
                                  *schema);
  ASSERT_TRUE(input);
  EXPECT_EQ(CollectionOf(*input), "c");
  collections::Caller caller;
  DescribeCall(*input, &caller);
  EXPECT_EQ(caller.threshold, 91.5);
  EXPECT_EQ(caller.images, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const OperationSchema* compare = SchemaOf("CompareFaces");
  const auto two =
      Input::Parse(R"({"SourceImage":{"Bytes":"YWJj"},"TargetImage":{"Bytes":"YWJj"}})", *compare);
  caller = {};
  DescribeCall(*two, &caller);
  EXPECT_EQ(caller.images.size(), 64u * 2 + 1);
  EXPECT_EQ(caller.threshold, 80);
  EXPECT_EQ(CollectionOf(*two), "");
}

}  // namespace
}  // namespace candid::api
