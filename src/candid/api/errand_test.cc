#include "candid/api/errand.h"

#include <gtest/gtest.h>

#include "candid/api/schema.h"
#include "candid/api/sigv4.h"

namespace candid::api {
namespace {

net::Request RequestFor(const std::string& target, const std::string& attempt = "") {
  net::Request request;
  request.headers = {{"X-Amz-Target", target}};
  if (!attempt.empty()) request.headers.push_back({"amz-sdk-request", attempt});
  return request;
}

TEST(Errand, PicturesAreDear) {
  for (const char* name : {"DetectFaces", "CompareFaces", "IndexFaces", "SearchFacesByImage"}) {
    EXPECT_FALSE(ErrandOf(RequestFor(std::string("RekognitionService.") + name)).light) << name;
  }
  for (const char* name : {"ListFaces", "SearchFaces", "CreateCollection"}) {
    EXPECT_TRUE(ErrandOf(RequestFor(std::string("RekognitionService.") + name)).light) << name;
  }
}

TEST(Errand, EveryOperationIsAKind) {
  std::vector<bool> seen(ErrandKinds());
  for (const OperationSchema& operation : Operations()) {
    const auto kind =
        ErrandOf(RequestFor("RekognitionService." + std::string(operation.name))).kind;
    ASSERT_LT(kind, seen.size());
    EXPECT_FALSE(seen[kind]) << operation.name;
    seen[kind] = true;
  }
  for (const char* other : {"", "DetectFaces", "RekognitionService.", "RekognitionService.X"}) {
    const net::Errand errand = ErrandOf(RequestFor(other));
    EXPECT_EQ(errand.kind, ErrandKinds() - 1) << other;
    EXPECT_TRUE(errand.light) << other;
  }
  EXPECT_EQ(ErrandOf({}).kind, ErrandKinds() - 1);
}

TEST(Errand, DeadlinesAreTheClients) {
  const auto deadline = [](const std::string& attempt) {
    return ErrandOf(RequestFor("RekognitionService.DetectFaces", attempt)).deadline;
  };
  const auto time = *ParseAmzDate("20261123T011227Z");
  EXPECT_EQ(deadline("ttl=20261123T011227Z; attempt=2; max=5"), time);
  EXPECT_EQ(deadline("attempt=2; max=5; ttl=20261123T011227Z"), time);
  constexpr auto kNone = std::chrono::system_clock::time_point::max();
  for (const char* none : {"", "attempt=1", "ttl=", "ttl=soon", "ttl=20261323T011227Z", "ttl"}) {
    EXPECT_EQ(deadline(none), kNone) << none;
  }
}

}  // namespace
}  // namespace candid::api
