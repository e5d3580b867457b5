#include "candid/ops/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace candid::ops {
namespace {

using testing::HasSubstr;

std::optional<std::string> Nothing(const std::string&) { return std::nullopt; }

std::string Refusal(std::string_view text, const Environment& environment = Nothing) {
  const auto config = ParseConfig(text, "candid.toml", environment);
  return config ? "accepted" : config.error().message();
}

TEST(Config, ReadsTheFileOverTheDefaults) {
  const auto config =
      ParseConfig("[server]\nport = 9000\n[log]\nformat = \"json\"\n", "f", Nothing);
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->port, 9000);
  EXPECT_EQ(config->log_format, "json");
  EXPECT_EQ(config->address, "127.0.0.1");
}

TEST(Config, TheEnvironmentHasTheLastWord) {
  const auto environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "CANDID_SERVER_PORT") return "9001";
    if (name == "CANDID_API_ACCEPT_UNSIGNED_REQUESTS") return "true";
    return std::nullopt;
  };
  const auto config = ParseConfig("[server]\nport = 9000\n", "f", environment);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->port, 9001);
  EXPECT_TRUE(config->accept_unsigned_requests);
  EXPECT_THAT(Refusal("", [](const std::string&) { return "many"; }), HasSubstr("CANDID_"));
}

TEST(Config, TakesOriginsAsBrowsersSendThem) {
  const auto config = ParseConfig(
      "[server]\ncors_origins = \"https://a.example http://localhost:3000\"", "f", Nothing);
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->cors_origins, "https://a.example http://localhost:3000");
  for (const char* bad : {"https://a.example/", "a.example", "https://A.example", "https://",
                          "https://a.example,https://b.example", "ftp://a.example"}) {
    EXPECT_THAT(Refusal("[server]\ncors_origins = \"" + std::string(bad) + "\""),
                HasSubstr("[server] cors_origins must be origins"))
        << bad;
  }
}

TEST(Config, OneCertificateIsEnough) {
  EXPECT_THAT(Refusal("[server]\ntls_self_signed = true\ntls_certificate = \"a\"\n"
                      "tls_key = \"b\""),
              HasSubstr("choose one"));
}

TEST(Config, RefusesUnknownKeysByNameAndLine) {
  EXPECT_EQ(Refusal("[server]\n\nprot = 1\n"), "candid.toml:3: unknown key 'prot' in [server]");
  EXPECT_THAT(Refusal("[sevrer]\nport = 1\n"), HasSubstr("unknown key 'sevrer'"));
  EXPECT_THAT(Refusal("port = 1\n"), HasSubstr("candid.toml:1: unknown key 'port'"));
}

TEST(Config, RefusesValuesThatMeanNothing) {
  EXPECT_EQ(Refusal("[server]\nport = 70000\n"),
            "candid.toml:2: [server] port must be from 0 to 65535");
  EXPECT_THAT(Refusal("[server]\nport = \"80\"\n"), HasSubstr("a whole number"));
  EXPECT_THAT(Refusal("[log]\nlevel = \"loud\"\n"), HasSubstr("debug or info or warning or error"));
  EXPECT_THAT(Refusal("[server\n"), HasSubstr("candid.toml:1"));
  for (const char* account : {"12345678901", "1234567890123", "12345678901x"}) {
    EXPECT_EQ(Refusal("[api]\naccount_id = \"" + std::string(account) + "\"\n"),
              "[api] account_id must be 12 digits");
  }
}

TEST(Config, ACertificateComesWithItsKey) {
  constexpr char kWhy[] =
      "[server] tls_certificate and [server] tls_key are set both or not at all";
  EXPECT_EQ(Refusal("[server]\ntls_certificate = \"c.pem\"\n"), kWhy);
  EXPECT_EQ(Refusal("[server]\ntls_key = \"k.pem\"\n"), kWhy);
  const auto both =
      ParseConfig("[server]\ntls_certificate = \"c.pem\"\ntls_key = \"k.pem\"\n", "f", Nothing);
  ASSERT_TRUE(both) << both.error().message();
  EXPECT_EQ(both->tls_certificate, "c.pem");
  EXPECT_EQ(both->tls_key, "k.pem");
}

}  // namespace
}  // namespace candid::ops
