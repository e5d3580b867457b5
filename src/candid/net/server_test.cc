#include "candid/net/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <future>
#include <iterator>
#include <optional>

namespace candid::net {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

Response Text(int status, std::string text) {
  Response response;
  response.status = status;
  response.body = std::move(text);
  return response;
}

Response EchoOf(const Request& request) {
  return Text(200, request.method + " " + request.body + (request.late ? " late" : ""));
}

Response WordsOf(Refusal refusal) {
  switch (refusal) {
    case Refusal::kMalformed:
      return Text(400, "malformed");
    case Refusal::kHeaderTooLarge:
      return Text(400, "header too large");
    case Refusal::kBodyTooLarge:
      return Text(413, "body too large");
    case Refusal::kOverloaded:
      return Text(400, "overloaded");
    case Refusal::kFailed:
      break;
  }
  return Text(500, "failed");
}

// A client that writes what it is told, valid or not.
class Client {
 public:
  explicit Client(const Server& server) {
    stream_.expires_after(std::chrono::seconds(20));
    stream_.connect("127.0.0.1", std::to_string(server.port()));
  }
  void Send(std::string_view text) { stream_ << text << std::flush; }
  void CloseHalf() { stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send); }
  // Up to the end of the connection.
  std::string Rest() { return {std::istreambuf_iterator<char>(stream_), {}}; }
  std::string Line() {
    std::string line;
    std::getline(stream_, line);
    return line;
  }

 private:
  boost::asio::ip::tcp::iostream stream_;
};

class ServerTest : public testing::Test {
 protected:
  std::unique_ptr<Server> Start(Handler handler = EchoOf) {
    auto server = Server::Start(options_, std::move(handler), WordsOf, appraise_);
    EXPECT_TRUE(server) << server.error().message();
    return *std::move(server);
  }
  // The whole answer to one request.
  std::string Ask(std::string_view text) {
    const auto server = Start();
    Client client(*server);
    client.Send(text);
    return client.Rest();
  }

  ServerOptions options_;
  Appraiser appraise_;
};

// One worker for pictures, which a client keeps busy until told; "/light" is light, and what else
// is asked is counted.
class BusyServerTest : public ServerTest {
 protected:
  BusyServerTest() {
    options_.workers = 1;
    appraise_ = [this](const Request& request) {
      return Errand{.light = request.target == "/light", .deadline = deadline_};
    };
    server_ = Start([this](const Request& request) {
      if (request.target == "/slow") {
        begun_.set_value();
        release_.get_future().wait();
      } else if (request.target != "/light") {
        ++done_;
      }
      return EchoOf(request);
    });
    slow_.emplace(*server_);
    slow_->Send("GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    begun_.get_future().wait();
  }
  void AwaitQueue(std::size_t size) {
    while (server_->stats().queued != size) std::this_thread::yield();
  }
  void Release() {
    release_.set_value();
    EXPECT_THAT(slow_->Rest(), EndsWith("GET "));
    AwaitQueue(0);
  }

  std::chrono::system_clock::time_point deadline_ = Errand().deadline;
  std::promise<void> begun_, release_;
  std::atomic<int> done_ = 0;
  std::unique_ptr<Server> server_;
  std::optional<Client> slow_;
};

TEST_F(BusyServerTest, AnswersWhatIsLight) {
  Client client(*server_);
  client.Send("GET /light HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.Rest(), EndsWith("GET "));
  Release();
}

TEST_F(BusyServerTest, DoesNotBeginForAClientThatHasGone) {
  {
    Client gone(*server_);
    gone.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    AwaitQueue(1);
  }
  Client half(*server_);
  half.Send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  half.CloseHalf();
  AwaitQueue(2);
  Release();
  EXPECT_THAT(half.Rest(), EndsWith("GET "));
  EXPECT_EQ(done_, 1);
}

TEST_F(BusyServerTest, DoesNotTakeWhatItsClientWaitsForNoLonger) {
  deadline_ = std::chrono::system_clock::now() - std::chrono::seconds(1);
  Client client(*server_);
  client.Send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.Rest(), EndsWith("overloaded"));
  Release();
  EXPECT_EQ(done_, 0);
}

TEST_F(ServerTest, AnswersAndClosesWhenAsked) {
  const std::string answer =
      Ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nDate: "),
                            EndsWith("\r\n\r\nPOST {}")));
}

TEST_F(ServerTest, JoinsChunks) {
  EXPECT_THAT(Ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n"
                  "Connection: close\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\nTrailer: z\r\n\r\n"),
              EndsWith("POST {}"));
}

TEST_F(ServerTest, ReadsOneRequestAfterTheOther) {
  const std::string answer = Ask(
      "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer.find("GET "), answer.rfind("HTTP/1.1") - 4) << answer;
  EXPECT_THAT(answer, EndsWith("GET "));
}

TEST_F(ServerTest, TakesBytesAfterTheBodyForTheNextRequest) {
  const std::string answer =
      Ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}trailing\r\n\r\n");
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("POST {}HTTP/1.1 400 "),
                            EndsWith("malformed")));
}

TEST_F(ServerTest, AnswersHeadWithoutTheBody) {
  EXPECT_THAT(Ask("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
              AllOf(HasSubstr("\r\nContent-Length: 5\r\n"), EndsWith("\r\n\r\n")));
}

TEST_F(ServerTest, RefusesHeadsThatCanBeReadInTwoWays) {
  for (const char* fields :
       {"", "Host: a\r\nHost: a\r\n", "Host: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n",
        "Host: a\r\nContent-Length: +2\r\n",
        "Host: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Host: a\r\nTransfer-Encoding: gzip, chunked\r\n", "Host: a\r\nTransfer-Encoding: gzip\r\n",
        "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Host : a\r\n"}) {
    EXPECT_THAT(Ask("POST / HTTP/1.1\r\n" + std::string(fields) + "\r\n{}"),
                AllOf(StartsWith("HTTP/1.1 400 "), EndsWith("malformed")))
        << fields;
  }
  EXPECT_THAT(Ask("GET / HTTP/1.0\r\n\r\n"), EndsWith("GET "));  // needs no Host
}

TEST_F(ServerTest, RefusesABodyBeforeItIsSent) {
  options_.max_body_bytes = 10;
  EXPECT_THAT(Ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n"
                  "Expect: 100-continue\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 413 "), EndsWith("body too large")));
  EXPECT_THAT(Ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "b\r\n01234567890\r\n"),
              EndsWith("body too large"));
}

TEST_F(ServerTest, BodiesThatWereOnlyPromisedHoldNoRoom) {
  options_.max_body_bytes_in_flight = 100;
  const auto server = Start();
  Client promising(*server), half(*server);
  promising.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  half.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 61\r\n\r\n" + std::string(60, 'x'));
  while (server->stats().body_bytes < 60) std::this_thread::yield();
  const auto ask = [&](std::size_t size) {
    Client client(*server);
    client.Send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: " +
                std::to_string(size) + "\r\n\r\n" + std::string(size, 'x'));
    return client.Rest();
  };
  EXPECT_THAT(ask(40), EndsWith("xxx"));
  EXPECT_THAT(ask(41), EndsWith("overloaded"));
  half.Send("x");
  EXPECT_THAT(half.Line(), StartsWith("HTTP/1.1 200"));
  while (server->stats().body_bytes > 0) std::this_thread::yield();
}

TEST_F(ServerTest, CutsOffTheSlow) {
  options_.header_timeout = options_.body_timeout = options_.idle_timeout =
      std::chrono::milliseconds(50);
  for (const char* slow : {"", "GE", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{"}) {
    EXPECT_THAT(Ask(slow), IsEmpty()) << slow;
  }
}

TEST_F(ServerTest, HoldsTheCapForOneAddress) {
  options_.max_connections_per_address = 1;
  const auto server = Start();
  Client first(*server);
  first.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(first.Line(), StartsWith("HTTP/1.1 200"));
  Client second(*server);
  EXPECT_THAT(second.Rest(), IsEmpty());
}

TEST_F(ServerTest, ClosesAConnectionAfterItsShareOfRequests) {
  options_.max_requests_per_connection = 2;
  const std::string answer =
      Ask("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
          "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::size_t second = answer.rfind("HTTP/1.1");
  EXPECT_EQ(answer.find("Connection: close"), answer.rfind("Connection: close"));
  EXPECT_GT(answer.find("Connection: close"), second) << answer;
  EXPECT_EQ(answer.find("HTTP/1.1", 1), second) << answer;
}

TEST_F(ServerTest, AHandlerThatThrowsIsAnAnswer) {
  const auto server = Start([](const Request&) -> Response { throw std::bad_alloc(); });
  Client client(*server);
  client.Send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.Rest(), AllOf(StartsWith("HTTP/1.1 500 "), EndsWith("failed")));
}

TEST_F(ServerTest, StoppingEndsWhatIsInWorkAndMarksWhatComesLate) {
  options_.workers = 2;
  std::promise<void> begun;
  std::promise<void> release;
  const auto server = Start([&](const Request& request) {
    if (request.target == "/slow") {
      begun.set_value();
      release.get_future().wait();
    }
    return EchoOf(request);
  });
  Client idle(*server), slow(*server), unfinished(*server);
  idle.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(idle.Line(), StartsWith("HTTP/1.1 200"));
  slow.Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  unfinished.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{");
  begun.get_future().wait();
  while (server->stats().body_bytes == 0) std::this_thread::yield();
  auto stopped = std::async(std::launch::async, [&] { server->Stop(); });
  EXPECT_THAT(idle.Rest(), EndsWith("GET "));  // and closed
  Client late(*server);
  late.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(late.Rest(), AllOf(HasSubstr("\r\nConnection: close\r\n"), EndsWith("GET  late")));
  unfinished.Send("}");
  EXPECT_THAT(unfinished.Rest(), EndsWith("POST {}"));
  release.set_value();
  EXPECT_THAT(slow.Rest(), AllOf(HasSubstr("\r\nConnection: close\r\n"), EndsWith("GET ")));
  stopped.wait();
  EXPECT_THAT(Client(*server).Rest(), IsEmpty());
}

TEST_F(ServerTest, StoppingWaitsNoLongerThanItWasTold) {
  options_.drain_timeout = std::chrono::milliseconds(50);
  const auto server = Start();
  Client never(*server);
  never.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{");
  while (server->stats().body_bytes == 0) std::this_thread::yield();
  server->Stop();
  EXPECT_THAT(never.Rest(), IsEmpty());
}

TEST(ServerStart, NamesWhatIsWrong) {
  ServerOptions options;
  options.address = "localhost";
  EXPECT_THAT(Server::Start(options, EchoOf, WordsOf).error().message(), HasSubstr("'localhost'"));
  options.address = "127.0.0.1";
  options.tls = TlsFiles{"/nowhere/certificate.pem", "/nowhere/key.pem"};
  const auto missing = Server::Start(options, EchoOf, WordsOf);
  EXPECT_EQ(missing.error().code(), Code::kNotFound);
  EXPECT_THAT(missing.error().message(), HasSubstr("/nowhere/certificate.pem"));
}

TEST(IsLoopback, KnowsBothFamilies) {
  EXPECT_TRUE(IsLoopback("127.0.0.1"));
  EXPECT_TRUE(IsLoopback("127.9.9.9"));
  EXPECT_TRUE(IsLoopback("::1"));
  for (const char* other : {"0.0.0.0", "::", "10.0.0.1", "localhost", ""}) {
    EXPECT_FALSE(IsLoopback(other)) << other;
  }
}

}  // namespace
}  // namespace candid::net
