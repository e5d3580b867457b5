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
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <utility>

#include "candid/net/body_room.h"
#include "candid/net/line.h"
#include "candid/net/tls.h"
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
constexpr auto kGoodbye = std::chrono::seconds(1);  // for the client's half of TLS's farewell

// What a connection is doing, as far as stopping cares.
enum class Phase {
  kIdle,  // nothing that anybody waits for
  kBusy,  // a request that began before the stop
  kLate,  // a request that began after it
};

struct Connection {
  Connection(tcp::socket socket, asio::ssl::context* tls) : line(std::move(socket), tls) {}
  Line line;
  asio::ip::address peer;
  Phase phase = Phase::kIdle;
};

Refusal RefusalOf(const beast::error_code& error) {
  if (error == http::error::header_limit) return Refusal::kHeaderTooLarge;
  if (error == http::error::body_limit) return Refusal::kBodyTooLarge;
  return Refusal::kMalformed;
}

// Whether nobody can take the head for another than we do, or its body to end elsewhere.
bool IsUnambiguous(const http::request_parser<http::string_body>& parser) {
  const auto& head = parser.get();
  const std::size_t hosts = head.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && head.version() >= 11)) return false;
  const std::size_t lengths = head.count(http::field::content_length);
  const std::size_t codings = head.count(http::field::transfer_encoding);
  if (codings == 0) return lengths <= 1;
  return lengths == 0 && codings == 1 &&
         beast::iequals(head[http::field::transfer_encoding], "chunked");
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
  std::unique_ptr<asio::ssl::context> tls;  // null: plain HTTP

  asio::io_context io{1};
  tcp::acceptor acceptor;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::uint16_t port = 0;
  std::thread io_thread;

  // Touched by the I/O thread only.
  std::unordered_set<Connection*> connections;
  std::map<asio::ip::address, std::size_t> per_address;
  bool draining = false;
  bool closing = false;

  std::atomic<std::size_t> connection_count = 0;
  std::atomic<std::size_t> body_bytes = 0;
  std::mutex busy_mutex;      // of the next two
  std::size_t busy = 0;       // connections in Phase::kBusy
  bool no_more_busy = false;  // `draining`, for the thread that stops
  std::condition_variable less_busy;
  bool stopped = false;

  WorkerPool pool;  // last: its threads use all of the above

  Status Bind();
  void Admit(tcp::socket socket);
  void Leave(Connection& connection);
  void Enter(Connection& connection, Phase phase);
  void Stop();

  asio::awaitable<void> Accept();
  asio::awaitable<void> Serve(std::shared_ptr<Connection> connection);
  asio::awaitable<bool> ShakeHands(Connection& connection);
  asio::awaitable<bool> AwaitRequest(Connection& connection, beast::flat_buffer& buffer);
  asio::awaitable<bool> ServeOne(Connection& connection, beast::flat_buffer& buffer);
  asio::awaitable<bool> ReadBody(Connection& connection, beast::flat_buffer& buffer, Parser& parser,
                                 BodyRoom& room);
  asio::awaitable<Response> Work(Request request);
  asio::awaitable<bool> Write(Connection& connection, Response response, bool keep_alive,
                              bool head_only = false);
  asio::awaitable<void> Refuse(Connection& connection, Refusal refusal);
  asio::awaitable<void> Close(Connection& connection);

  Response Handle(const Request& request) {
    try {
      return handler(request);
    } catch (...) {
      return refuse(Refusal::kFailed);
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
  while (!closing) {
    auto [error, socket] = co_await acceptor.async_accept(kAwait);
    if (closing) break;
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
  asio::ip::address peer = socket.remote_endpoint(error).address();
  if (error) return;
  if (peer.is_v6() && peer.to_v6().is_v4_mapped()) {
    peer = asio::ip::make_address_v4(asio::ip::v4_mapped, peer.to_v6());
  }
  const auto known = per_address.find(peer);
  if (connections.size() >= options.max_connections ||
      (known != per_address.end() && known->second >= options.max_connections_per_address)) {
    return;  // closed: clients retry, and an answer would cost what the cap saves
  }
  socket.set_option(tcp::no_delay(true), error);
  auto connection = std::make_shared<Connection>(std::move(socket), tls.get());
  connection->peer = peer;
  ++per_address[peer];
  connections.insert(connection.get());
  connection_count = connections.size();
  asio::co_spawn(io, Serve(connection),
                 [this, connection](std::exception_ptr) { Leave(*connection); });
}

void Server::State::Leave(Connection& connection) {
  Enter(connection, Phase::kIdle);
  connections.erase(&connection);
  const auto count = per_address.find(connection.peer);
  if (--count->second == 0) per_address.erase(count);
  connection_count = connections.size();
}

void Server::State::Enter(Connection& connection, Phase phase) {
  const Phase before = std::exchange(connection.phase, phase);
  {
    std::lock_guard lock(busy_mutex);
    if (before == Phase::kBusy) --busy;
    if (phase == Phase::kBusy) ++busy;
  }
  less_busy.notify_all();
}

asio::awaitable<void> Server::State::Serve(std::shared_ptr<Connection> connection) {
  beast::flat_buffer buffer;
  bool again = co_await ShakeHands(*connection);
  while (again && !closing) {
    again = co_await AwaitRequest(*connection, buffer);
    if (!again) break;
    Enter(*connection, draining ? Phase::kLate : Phase::kBusy);
    again = co_await ServeOne(*connection, buffer);
    Enter(*connection, Phase::kIdle);
  }
  co_await Close(*connection);
}

asio::awaitable<bool> Server::State::ShakeHands(Connection& connection) {
  Line::Tls* const stream = connection.line.tls();
  if (stream == nullptr) co_return true;
  connection.line.tcp().expires_after(options.header_timeout);
  auto [error] = co_await stream->async_handshake(Line::Tls::server, kAwait);
  co_return !error;
}

// Until the first byte of a request is in the buffer; false where none comes.
asio::awaitable<bool> Server::State::AwaitRequest(Connection& connection,
                                                  beast::flat_buffer& buffer) {
  if (buffer.size() == 0) {
    buffer = beast::flat_buffer();  // an idle connection keeps no large buffer
    connection.line.tcp().expires_after(options.idle_timeout);
    auto [error, size] =
        co_await connection.line.async_read_some(buffer.prepare(kIdleBuffer), kAwait);
    if (error) co_return false;
    buffer.commit(size);
  }
  buffer.reserve(kReadBuffer);
  co_return true;
}

asio::awaitable<bool> Server::State::ServeOne(Connection& connection, beast::flat_buffer& buffer) {
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(options.max_header_bytes));
  parser.body_limit(boost::none);  // checked below, so that the refusal is ours
  connection.line.tcp().expires_after(options.header_timeout);
  auto [error, size] = co_await http::async_read_header(connection.line, buffer, parser, kAwait);
  if (error) {
    if (IsParseError(error)) co_await Refuse(connection, RefusalOf(error));
    co_return false;
  }
  if (!IsUnambiguous(parser)) {
    co_await Refuse(connection, Refusal::kMalformed);
    co_return false;
  }
  if (!parser.chunked() && parser.content_length().value_or(0) > options.max_body_bytes) {
    co_await Refuse(connection, Refusal::kBodyTooLarge);
    co_return false;
  }
  BodyRoom room(body_bytes, options.max_body_bytes_in_flight);
  const bool whole = co_await ReadBody(connection, buffer, parser, room);
  if (!whole) co_return false;
  const bool keep_alive = parser.keep_alive();
  auto message = parser.release();
  const bool head_only = message.method() == http::verb::head;
  Request request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  request.body = std::move(message.body());
  request.peer = connection.peer.to_string();
  request.late = connection.phase == Phase::kLate;
  connection.line.tcp().expires_never();
  Response response = co_await Work(std::move(request));
  co_return co_await Write(connection, std::move(response), keep_alive, head_only);
}

// False where the body did not come whole; what there was to say has been said then.
asio::awaitable<bool> Server::State::ReadBody(Connection& connection, beast::flat_buffer& buffer,
                                              Parser& parser, BodyRoom& room) {
  parser.body_limit(options.max_body_bytes);
  connection.line.tcp().expires_after(options.body_timeout);
  if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
    http::response<http::empty_body> go_on(http::status::continue_, 11);
    auto [error, size] = co_await http::async_write(connection.line, go_on, kAwait);
    if (error) co_return false;
  }
  // Room is taken for what has come and not for what was announced: promises cost nothing, and a
  // few slow clients could hold it all.
  while (!parser.is_done()) {
    auto [error, size] = co_await http::async_read_some(connection.line, buffer, parser, kAwait);
    if (error) {
      if (IsParseError(error)) co_await Refuse(connection, RefusalOf(error));
      co_return false;
    }
    if (!room.GrowTo(parser.get().body().size())) {
      co_await Refuse(connection, Refusal::kOverloaded);
      co_return false;
    }
  }
  co_return true;
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
      finish(run ? Handle(*shared) : refuse(Refusal::kOverloaded));
    });
    if (!taken) finish(refuse(Refusal::kOverloaded));
  };
  auto awaited = asio::async_initiate<const asio::use_awaitable_t<>, void(Response)>(
      std::move(start), asio::use_awaitable);
  Response response = co_await std::move(awaited);
  co_return response;
}

asio::awaitable<bool> Server::State::Write(Connection& connection, Response response,
                                           bool keep_alive, bool head_only) {
  keep_alive = keep_alive && !draining;
  http::response<http::string_body> message;
  message.version(11);
  message.result(static_cast<unsigned>(response.status));
  if (!response.content_type.empty()) message.set(http::field::content_type, response.content_type);
  message.set(http::field::date, HttpDate(options.clock->Now()));
  for (Header& header : response.headers) message.set(header.name, std::move(header.value));
  message.body() = std::move(response.body);
  message.keep_alive(keep_alive);
  message.prepare_payload();
  if (head_only) message.body().clear();  // its length has been said
  connection.line.tcp().expires_after(options.write_timeout);
  auto [error, size] = co_await http::async_write(connection.line, message, kAwait);
  co_return !error && keep_alive;
}

asio::awaitable<void> Server::State::Refuse(Connection& connection, Refusal refusal) {
  co_await Write(connection, refuse(refusal), false);
  Enter(connection, Phase::kIdle);
  // Closing with bytes unread resets the line and can destroy the answer on its way: say that no
  // more comes and throw away what still arrives, for a while.
  boost::system::error_code ignored;
  connection.line.tcp().socket().shutdown(tcp::socket::shutdown_send, ignored);
  std::string sink(64u << 10, '\0');
  const auto end = std::chrono::steady_clock::now() + kLinger;
  connection.line.tcp().expires_at(end);
  while (!draining && std::chrono::steady_clock::now() < end) {
    auto [error, size] = co_await connection.line.async_read_some(asio::buffer(sink), kAwait);
    if (error) break;
  }
}

asio::awaitable<void> Server::State::Close(Connection& connection) {
  beast::tcp_stream& stream = connection.line.tcp();
  if (Line::Tls* const tls_stream = connection.line.tls(); tls_stream != nullptr && !closing) {
    stream.expires_after(kGoodbye);
    co_await tls_stream->async_shutdown(kAwait);
  }
  boost::system::error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
  stream.close();
}

void Server::State::Stop() {
  if (std::exchange(stopped, true)) return;
  asio::post(io, [this] {
    draining = true;
    for (Connection* connection : connections) {
      if (connection->phase == Phase::kIdle) connection->line.tcp().cancel();
    }
    {
      std::lock_guard lock(busy_mutex);
      no_more_busy = true;
    }
    less_busy.notify_all();
  });
  {
    std::unique_lock lock(busy_mutex);
    less_busy.wait_for(lock, options.drain_timeout, [this] { return no_more_busy && busy == 0; });
  }
  asio::post(io, [this] {
    closing = true;
    boost::system::error_code ignored;
    acceptor.close(ignored);
    for (Connection* connection : connections) connection->line.tcp().cancel();
  });
  pool.Stop();
  work.reset();
  if (io_thread.joinable()) io_thread.join();
}

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, Handler handler,
                                              RefusalHandler refuse) {
  auto state = std::make_unique<State>(options, std::move(handler), std::move(refuse));
  if (options.tls) {
    CANDID_ASSIGN(state->tls, LoadTls(options.tls->certificate, options.tls->key));
  }
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
  return {state_->connection_count, state_->pool.queued(), state_->body_bytes};
}

}  // namespace candid::net
