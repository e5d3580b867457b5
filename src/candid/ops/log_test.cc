#include "candid/ops/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace candid::ops {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::string LineOf(const std::string& format, std::string_view text) {
  std::string written;
  auto log = Log::CreateFor(format, "info", [&](std::string_view line) { written = line; }).value();
  log->Write(Level::kDebug, "hidden");
  EXPECT_EQ(written, "");
  log->Write(Level::kInfo, "request", {{"operation", text}, {"ms", 1.5}, {"status", 200}});
  return written;
}

TEST(Log, WritesTextAndJson) {
  EXPECT_THAT(LineOf("text", "IndexFaces"),
              EndsWith("info request operation=\"IndexFaces\" ms=1.5 status=200\n"));
  const std::string json = LineOf("json", "IndexFaces");
  EXPECT_THAT(json, StartsWith("{\"time\":\"20"));
  EXPECT_THAT(json,
              EndsWith("\"level\":\"info\",\"event\":\"request\",\"operation\":\"IndexFaces\","
                       "\"ms\":1.5,\"status\":200}\n"));
}

TEST(Log, AValueCannotForgeALine) {
  EXPECT_THAT(LineOf("text", "a\n{} b\"\x1b"), HasSubstr("operation=\"a\\u000a{} b\\\"\\u001b\""));
}

TEST(Log, RefusesOtherNames) {
  EXPECT_FALSE(Log::Create("xml", "info"));
  EXPECT_FALSE(Log::Create("text", "loud"));
}

}  // namespace
}  // namespace candid::ops
