#include "candid/api/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/json.hpp>
#include <iterator>

#include "candid/decision/testing_tables.h"
#include "candid/objects/buckets.h"
#include "candid/store/testing_store.h"

namespace candid::api {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// The service over an empty store; no models, so nothing that needs pixels.
class ServiceTest : public store::TestingStore {
 protected:
  void SetUp() override {
    TestingStore::SetUp();
    config_.port = 0;
    collections_ = std::make_unique<collections::Collections>(
        *store_, nullptr, collections::ModelIdentity{"pack", "hash", "1.0", kDimension});
  }

  Result<std::unique_ptr<Service>> Start() {
    return Service::Start(config_, {*collections_, buckets_, open_key_, Bytes(32, 1),
                                    [this] { return ready_; }, *log_, metrics_});
  }
  static std::string Ask(const Service& service, std::string_view request) {
    boost::asio::ip::tcp::iostream stream;
    stream.expires_after(std::chrono::seconds(20));
    stream.connect("127.0.0.1", std::to_string(service.port()));
    stream << request << std::flush;
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static std::string Get(const Service& service, const std::string& path) {
    return Ask(service, "GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  }

  std::unique_ptr<collections::Collections> collections_;
  objects::Buckets buckets_{1};
  ops::Config config_;
  ops::Metrics metrics_;
  std::unique_ptr<ops::Log> log_ =
      ops::Log::CreateFor("json", "info", [](std::string_view) {}).value();
  KeyLookup open_key_ = [](std::string_view, std::string_view) -> Result<collections::Grant> {
    return Fail(Code::kNotFound, "no such key");
  };
  Status ready_;
};

TEST_F(ServiceTest, IsAsReadyAsItIsTold) {
  ready_ = Fail(Code::kUnavailable, "galleries are being filled: 7 faces so far");
  const auto service = Start().value();
  EXPECT_THAT(Get(*service, "/readyz"),
              AllOf(StartsWith("HTTP/1.1 503 "),
                    EndsWith("\r\n\r\ngalleries are being filled: 7 faces so far\n")));
  EXPECT_THAT(Get(*service, "/healthz"), EndsWith("\r\n\r\nok\n"));
  ready_ = {};
  EXPECT_THAT(Get(*service, "/readyz"), EndsWith("\r\n\r\nready\n"));
}

TEST_F(ServiceTest, ShowsTheCardOfItsModel) {
  {
    const auto service = Start().value();
    EXPECT_THAT(Get(*service, "/v1/accuracy"),
                AllOf(HasSubstr("application/json"),
                      EndsWith("{\"Pack\":\"pack\",\"FaceModelVersion\":\"1.0\",\"ModelHash\":"
                               "\"hash\",\"Calibrated\":false}")));
  }
  collections::Options options;
  options.scale = decision::Scale(decision::TwoGroups());
  collections_ = std::make_unique<collections::Collections>(
      *store_, nullptr, collections::ModelIdentity{"pack", "hash", "1.0", kDimension}, options);
  const auto service = Start().value();
  const std::string answer = Get(*service, "/v1/accuracy");
  const auto card = boost::json::parse(answer.substr(answer.find("\r\n\r\n") + 4)).as_object();
  EXPECT_TRUE(card.at("Calibrated").as_bool());
  EXPECT_EQ(card.at("Groups").as_array().size(), 2u);
  const auto& worse = card.at("Groups").at(1).as_object();
  EXPECT_EQ(worse.at("Name").as_string(), "worse");
  EXPECT_NEAR(worse.at("AtSimilarity80").at("FalseMatchRate").to_number<double>(), 1e-3, 1e-9);
  EXPECT_EQ(card.at("Similarities").at(1).at("Group").as_string(), "worse");
  EXPECT_NEAR(card.at("Similarities").at(1).at("Similarity").to_number<double>(), 80, 1e-9);
  EXPECT_EQ(card.at("Data").at(0).at("People").as_int64(), 1000);
}

TEST_F(ServiceTest, CountsItselfInMetrics) {
  const auto service = Start().value();
  EXPECT_THAT(Ask(*service, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
              HasSubstr("MissingAuthenticationTokenException"));
  Ask(*service, "rubbish\r\n\r\n");
  EXPECT_THAT(
      Get(*service, "/metrics"),
      AllOf(HasSubstr("candid_requests_total{operation=\"other\","
                      "outcome=\"MissingAuthenticationTokenException\"} 1\n"),
            HasSubstr("candid_refusals_total{outcome=\"SerializationException\"} 1\n"),
            HasSubstr("\ncandid_connections 1\n"), HasSubstr("\ncandid_gallery_faces 0\n")));
}

TEST_F(ServiceTest, ServesOtherAddressesWithTlsOnly) {
  config_.address = "0.0.0.0";
  const auto refused = Start();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
  EXPECT_THAT(refused.error().message(), HasSubstr("--tls-certificate and --tls-key"));
}

TEST_F(ServiceTest, AFailureOfOursTellsNothing) {
  config_.accept_unsigned_requests = true;
  const auto service = Start().value();
  // There are no models to detect with.
  const std::string body = R"({"Image":{"Bytes":"AAAA"}})";
  EXPECT_THAT(
      Ask(*service,
          "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
          "X-Amz-Target: RekognitionService.DetectFaces\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body),
      AllOf(StartsWith("HTTP/1.1 500 "), HasSubstr("\"Message\":\"Internal server error\"")));
}

}  // namespace
}  // namespace candid::api
