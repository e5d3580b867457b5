#include "candid/net/server.h"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <ctime>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <utility>

#include "candid/net/worker_pool.h"

namespace candid::net {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
// Beast reads 512 bytes at a time into a small buffer; with this much room it takes 64 KiB.
constexpr std::size_t kReadBuffer = 128u << 10;
constexpr std::size_t kIdleBuffer = 512;
constexpr auto kLinger = std::chrono::seconds(10);

struct Connection {
  explicit Connection(tcp::socket socket) : stream(std::move(socket)) {}
  beast::tcp_stream stream;
  asio::ip::address peer;
  bool idle = false;
};

// RFC 9110 section 5.6.7, IMF-fixdate.
std::string HttpDate(std::chrono::system_clock::time_point now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[64];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return {text, size};
}

Refusal RefusalOf(const beast::error_code& error) {
  if (error == http::error::header_limit) return Refusal::kHeaderTooLarge;
  if (error == http::error::body_limit) return Refusal::kBodyTooLarge;
  return Refusal::kMalformed;
}

// Whether the error is one of the parser's, which deserves an answer, or the line is dead.
bool IsParseError(const beast::error_code& error) {
  return error.category() == make_error_code(http::error::bad_method).category() &&
         error != http::error::end_of_stream && error != http::error::partial_message;
}

}  // namespace

bool IsLoopback(const std::string& address) {
  boost::system::error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  return !error && parsed.is_loopback();
}

struct Server::State {
  using Parser = http::request_parser<http::string_body>;

  State(const ServerOptions& o, Handler h, RefusalHandler r)
      : options(o),
        handler(std::move(h)),
        refuse(std::move(r)),
        acceptor(io),
        work(asio::make_work_guard(io)),
        pool(o.workers, o.queue_limit) {}

  ServerOptions options;
  Handler handler;
  RefusalHandler refuse;

  asio::io_context io{1};
  tcp::acceptor acceptor;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::uint16_t port = 0;
  std::thread io_thread;

  // Touched by the I/O thread only.
  std::unordered_set<Connection*> connections;
  std::map<asio::ip::address, std::size_t> per_address;
  bool stopping = false;

  std::atomic<std::size_t> connection_count = 0;
  std::atomic<std::size_t> body_bytes = 0;
  std::atomic<std::uint64_t> refused = 0;
  std::mutex drained_mutex;
  std::condition_variable drained;
  bool stopped = false;

  WorkerPool pool;  // last: its threads use all of the above

  Status Bind();
  void Admit(tcp::socket socket);
  void Leave(Connection& connection);
  void Stop();

  asio::awaitable<void> Accept();
  asio::awaitable<void> Serve(std::shared_ptr<Connection> connection);
  asio::awaitable<bool> ServeOne(Connection& connection, beast::flat_buffer& buffer);
  asio::awaitable<bool> ReadBody(Connection& connection, beast::flat_buffer& buffer,
                                 Parser& parser);
  asio::awaitable<Response> Work(Request request);
  asio::awaitable<bool> Write(Connection& connection, Response response, bool keep_alive);
  asio::awaitable<void> Refuse(Connection& connection, Refusal refusal);

  Response Refused(Refusal refusal) {
    ++refused;
    return refuse(refusal);
  }
  Response Handle(const Request& request) {
    try {
      return handler(request);
    } catch (...) {
      return Refused(Refusal::kFailed);
    }
  }
};

Status Server::State::Bind() {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) {
    return Fail(Code::kInvalidArgument,
                "listen address '" + options.address + "' is not a numeric IP address");
  }
  const tcp::endpoint endpoint(address, options.port);
  const auto failed = [&](const char* doing) {
    return Fail(Code::kIo, std::string(doing) + " " + options.address + ":" +
                               std::to_string(options.port) + ": " + error.message());
  };
  if (acceptor.open(endpoint.protocol(), error)) return failed("opening a socket for");
  if (acceptor.set_option(tcp::acceptor::reuse_address(true), error)) return failed("preparing");
  if (acceptor.bind(endpoint, error)) return failed("binding");
  if (acceptor.listen(tcp::acceptor::max_listen_connections, error)) return failed("listening on");
  port = acceptor.local_endpoint(error).port();
  return {};
}

asio::awaitable<void> Server::State::Accept() {
  asio::steady_timer pause(io);
  while (!stopping) {
    auto [error, socket] = co_await acceptor.async_accept(kAwait);
    if (stopping) break;
    if (error) {
      // Out of descriptors, most likely: wait for some to come back.
      pause.expires_after(std::chrono::milliseconds(50));
      co_await pause.async_wait(kAwait);
      continue;
    }
    Admit(std::move(socket));
  }
}

void Server::State::Admit(tcp::socket socket) {
  boost::system::error_code error;
  const auto peer = socket.remote_endpoint(error).address();
  if (error || connections.size() >= options.max_connections ||
      per_address[peer] >= options.max_connections_per_address) {
    return;  // closed: clients retry, and an answer would cost what the cap saves
  }
  socket.set_option(tcp::no_delay(true), error);
  auto connection = std::make_shared<Connection>(std::move(socket));
  connection->peer = peer;
  ++per_address[peer];
  connections.insert(connection.get());
  connection_count = connections.size();
  asio::co_spawn(io, Serve(connection),
                 [this, connection](std::exception_ptr) { Leave(*connection); });
}

void Server::State::Leave(Connection& connection) {
  connections.erase(&connection);
  const auto count = per_address.find(connection.peer);
  if (--count->second == 0) per_address.erase(count);
  {
    std::lock_guard lock(drained_mutex);
    connection_count = connections.size();
  }
  drained.notify_all();
}

asio::awaitable<void> Server::State::Serve(std::shared_ptr<Connection> connection) {
  beast::flat_buffer buffer;
  while (!stopping) {
    if (buffer.size() == 0) {
      buffer = beast::flat_buffer();  // an idle connection keeps no large buffer
      connection->idle = true;
      connection->stream.expires_after(options.idle_timeout);
      auto [error, size] =
          co_await connection->stream.async_read_some(buffer.prepare(kIdleBuffer), kAwait);
      connection->idle = false;
      if (error) break;
      buffer.commit(size);
    }
    buffer.reserve(kReadBuffer);
    const bool again = co_await ServeOne(*connection, buffer);
    if (!again) break;
  }
  boost::system::error_code ignored;
  connection->stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
  connection->stream.close();
}

asio::awaitable<bool> Server::State::ServeOne(Connection& connection, beast::flat_buffer& buffer) {
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(options.max_header_bytes));
  parser.body_limit(boost::none);  // checked below, so that the refusal is ours
  connection.stream.expires_after(options.header_timeout);
  auto [error, size] = co_await http::async_read_header(connection.stream, buffer, parser, kAwait);
  if (error) {
    if (IsParseError(error)) co_await Refuse(connection, RefusalOf(error));
    co_return false;
  }
  const auto& head = parser.get();
  if (head.count(http::field::host) > 1 || head.count(http::field::content_length) > 1 ||
      (parser.chunked() && head.count(http::field::content_length) > 0)) {
    co_await Refuse(connection, Refusal::kMalformed);
    co_return false;
  }

  const std::uint64_t announced =
      parser.chunked() ? options.max_body_bytes : parser.content_length().value_or(0);
  if (announced > options.max_body_bytes) {
    co_await Refuse(connection, Refusal::kBodyTooLarge);
    co_return false;
  }
  // The room is set aside before the first byte is read and given back when the answer is made.
  const auto room = static_cast<std::size_t>(announced);
  if (body_bytes + room > options.max_body_bytes_in_flight) {
    co_await Refuse(connection, Refusal::kOverloaded);
    co_return false;
  }
  struct Reservation {
    std::atomic<std::size_t>& total;
    std::size_t size;
    ~Reservation() { total -= size; }
  } reservation{body_bytes, room};
  body_bytes += room;

  const bool whole = co_await ReadBody(connection, buffer, parser);
  if (!whole) co_return false;
  const bool keep_alive = parser.keep_alive();
  auto message = parser.release();
  Request request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  request.body = std::move(message.body());
  request.peer = connection.peer.to_string();
  connection.stream.expires_never();
  Response response = co_await Work(std::move(request));
  co_return co_await Write(connection, std::move(response), keep_alive);
}

asio::awaitable<bool> Server::State::ReadBody(Connection& connection, beast::flat_buffer& buffer,
                                              Parser& parser) {
  parser.body_limit(options.max_body_bytes);
  connection.stream.expires_after(options.body_timeout);
  if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
    http::response<http::empty_body> go_on(http::status::continue_, 11);
    auto [error, size] = co_await http::async_write(connection.stream, go_on, kAwait);
    if (error) co_return false;
  }
  auto [error, size] = co_await http::async_read(connection.stream, buffer, parser, kAwait);
  if (!error) co_return true;
  if (IsParseError(error)) co_await Refuse(connection, RefusalOf(error));
  co_return false;
}

asio::awaitable<Response> Server::State::Work(Request request) {
  auto shared = std::make_shared<Request>(std::move(request));
  // Named, and moved into the awaited call: g++ 12 destroys a temporary lambda's captures twice
  // when it is part of a co_await expression.
  auto start = [this, shared](auto completion) {
    using Completion = decltype(completion);
    auto done = std::make_shared<Completion>(std::move(completion));
    auto finish = [this, done](Response response) {
      asio::post(
          io, [done, response = std::move(response)]() mutable { (*done)(std::move(response)); });
    };
    const bool taken = pool.TrySubmit([this, shared, finish](bool run) {
      finish(run ? Handle(*shared) : Refused(Refusal::kOverloaded));
    });
    if (!taken) finish(Refused(Refusal::kOverloaded));
  };
  auto awaited = asio::async_initiate<const asio::use_awaitable_t<>, void(Response)>(
      std::move(start), asio::use_awaitable);
  Response response = co_await std::move(awaited);
  co_return response;
}

asio::awaitable<bool> Server::State::Write(Connection& connection, Response response,
                                           bool keep_alive) {
  keep_alive = keep_alive && !stopping;
  http::response<http::string_body> message;
  message.version(11);
  message.result(static_cast<unsigned>(response.status));
  if (!response.content_type.empty()) message.set(http::field::content_type, response.content_type);
  message.set(http::field::date, HttpDate(options.clock->Now()));
  for (Header& header : response.headers) message.set(header.name, std::move(header.value));
  message.body() = std::move(response.body);
  message.keep_alive(keep_alive);
  message.prepare_payload();
  connection.stream.expires_after(options.write_timeout);
  auto [error, size] = co_await http::async_write(connection.stream, message, kAwait);
  co_return !error && keep_alive;
}

asio::awaitable<void> Server::State::Refuse(Connection& connection, Refusal refusal) {
  Response response = Refused(refusal);
  co_await Write(connection, std::move(response), false);
  // Closing with bytes unread resets the line and can destroy the answer on its way: say that no
  // more comes and throw away what still arrives, for a while.
  boost::system::error_code ignored;
  connection.stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
  std::string sink(64u << 10, '\0');
  const auto end = std::chrono::steady_clock::now() + kLinger;
  connection.stream.expires_at(end);
  while (!stopping && std::chrono::steady_clock::now() < end) {
    auto [error, size] = co_await connection.stream.async_read_some(asio::buffer(sink), kAwait);
    if (error) break;
  }
}

void Server::State::Stop() {
  if (std::exchange(stopped, true)) return;
  asio::post(io, [this] {
    stopping = true;
    boost::system::error_code ignored;
    acceptor.close(ignored);
    for (Connection* connection : connections) {
      if (connection->idle) connection->stream.cancel();
    }
  });
  {
    std::unique_lock lock(drained_mutex);
    drained.wait_for(lock, options.drain_timeout, [this] { return connection_count == 0; });
  }
  asio::post(io, [this] {
    for (Connection* connection : connections) connection->stream.cancel();
  });
  pool.Stop();
  work.reset();
  if (io_thread.joinable()) io_thread.join();
}

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, Handler handler,
                                              RefusalHandler refuse) {
  auto state = std::make_unique<State>(options, std::move(handler), std::move(refuse));
  CANDID_TRY(state->Bind());
  asio::co_spawn(state->io, state->Accept(), asio::detached);
  state->io_thread = std::thread([io = &state->io] { io->run(); });
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() { Stop(); }
std::uint16_t Server::port() const { return state_->port; }
void Server::Stop() { state_->Stop(); }

ServerStats Server::stats() const {
  return {state_->connection_count, state_->pool.queued(), state_->body_bytes, state_->refused};
}

}  // namespace candid::net
