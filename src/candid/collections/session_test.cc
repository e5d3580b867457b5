#include "candid/collections/session.h"

#include <gtest/gtest.h>

namespace candid::collections {
namespace {

const Session kSession{"ASCANDIDAAAAAAAAAAAA",
                       "AKCANDIDBBBBBBBBBBBB",
                       store::Time(std::chrono::seconds(2'000'000'000)),
                       {{"Search*", "DetectFaces"}, {"door-*"}, true, 0, 0}};

TEST(SessionTest, TheTokenSaysWhatWasSealed) {
  for (const Session& session :
       {kSession, Session{"ASCANDIDAAAAAAAAAAAA", "AK", store::Time(), {}}}) {
    const std::string token = SealSession(session, "secret");
    const auto read = ReadSession(token);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, session);
    const auto secret = SessionSecret(token, "secret");
    ASSERT_TRUE(secret);
    EXPECT_EQ(secret->size(), 40u);
  }
}

TEST(SessionTest, AnotherSecretDoesNotOpenIt) {
  const std::string token = SealSession(kSession, "secret");
  EXPECT_EQ(SessionSecret(token, "other").error().code(), Code::kUnauthenticated);
  EXPECT_EQ(SessionSecret(token, "").error().code(), Code::kUnauthenticated);
}

TEST(SessionTest, SessionsOfOneKeyHaveTheirOwnSecrets) {
  Session other = kSession;
  other.id.back() = 'B';
  EXPECT_NE(*SessionSecret(SealSession(kSession, "s"), "s"),
            *SessionSecret(SealSession(other, "s"), "s"));
}

TEST(SessionTest, NoChangedTokenOpens) {
  const Bytes raw = *FromBase64(SealSession(kSession, "secret"));
  for (std::size_t at = 0; at < raw.size(); ++at) {
    for (const std::uint8_t flip : {std::uint8_t{1}, std::uint8_t{128}}) {
      Bytes changed = raw;
      changed[at] ^= flip;
      EXPECT_FALSE(SessionSecret(ToBase64(changed), "secret")) << at;
    }
    Bytes cut(raw.begin(), raw.begin() + static_cast<std::ptrdiff_t>(at));
    EXPECT_FALSE(SessionSecret(ToBase64(cut), "secret")) << at;
    EXPECT_FALSE(ReadSession(ToBase64(cut))) << at;
  }
}

TEST(SessionTest, RubbishIsMalformed) {
  for (const std::string& token :
       {std::string(), std::string("x"), std::string(9000, 'A'), std::string("====")}) {
    EXPECT_EQ(ReadSession(token).error().code(), Code::kMalformed) << token.substr(0, 8);
  }
  for (const char* payload :
       {"", "1", "1:", "99999999999999999999:a,", "3:ab,", "16:candid session 1,",
        "16:candid session 1,1:a,1:b,1:x,0:,0:,1:1,", "16:candid session 1,1:a,1:b,1:1,0:,0:,1:2,",
        "16:candid session 1,1:a,1:b,2:01,0:,0:,1:1,",
        "16:candid session 1,1:a,1:b,1:1,1: ,0:,1:1,",
        "16:candid session 1,1:a,1:b,1:1,0:,0:,1:1,0:,"}) {
    EXPECT_FALSE(ReadSession(ToBase64(AsBytes(payload + std::string(32, 't'))))) << payload;
  }
}

}  // namespace
}  // namespace candid::collections
