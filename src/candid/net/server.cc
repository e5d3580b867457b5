#include "candid/net/server.h"

#include <poll.h>

#include <array>
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
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <utility>

#include "candid/net/body_room.h"
#include "candid/net/line.h"
#include "candid/net/request_reader.h"
#include "candid/net/tls.h"
#include "candid/net/worker_pool.h"

namespace candid::net {
namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadBytes = 64u << 10;  // at a time, of a request
constexpr std::size_t kIdleBytes = 512;        // of its beginning
constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
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
  std::size_t requests = 0;
};

// On any thread, while nobody reads or closes the line.
bool IsGone(tcp::socket& socket, bool keep_alive) {
  pollfd line{socket.native_handle(), POLLRDHUP, 0};
  poll(&line, 1, 0);
  if ((line.revents & (POLLERR | POLLHUP)) != 0) return true;
  return keep_alive && (line.revents & POLLRDHUP) != 0;
}

}  // namespace

bool IsLoopback(const std::string& address) {
  boost::system::error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  return !error && parsed.is_loopback();
}

struct Server::State {
  State(const ServerOptions& o, Handler h, RefusalHandler r, Appraiser a)
      : options(o),
        handler(std::move(h)),
        refuse(std::move(r)),
        appraise(std::move(a)),
        acceptor(io),
        work(asio::make_work_guard(io)),
        pictures({o.workers, o.queue_limit, o.max_wait, o.kinds}),
        light({o.light_workers, o.queue_limit, o.max_wait, o.kinds}) {}

  ServerOptions options;
  Handler handler;
  RefusalHandler refuse;
  Appraiser appraise;
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

  // Last: their threads use all of the above.
  WorkerPool pictures;
  WorkerPool light;

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
  asio::awaitable<bool> Read(Connection& connection, beast::flat_buffer& buffer,
                             RequestReader& reader, BodyRoom& room);
  // Nothing where the client has gone meanwhile.
  asio::awaitable<std::optional<Response>> Work(Connection& connection, Request request,
                                                bool keep_alive);
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
    ++connection->requests;
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
        co_await connection.line.async_read_some(buffer.prepare(kIdleBytes), kAwait);
    if (error) co_return false;
    buffer.commit(size);
  }
  co_return true;
}

asio::awaitable<bool> Server::State::ServeOne(Connection& connection, beast::flat_buffer& buffer) {
  RequestReader reader({options.max_header_bytes, options.max_body_bytes});
  BodyRoom room(body_bytes, options.max_body_bytes_in_flight);
  const bool whole = co_await Read(connection, buffer, reader, room);
  if (!whole) co_return false;
  const bool head_only = reader.is_head();
  const bool stays = reader.keep_alive();
  const bool keep_alive = stays && connection.requests < options.max_requests_per_connection;
  Request request = reader.Take();
  request.peer = connection.peer.to_string();
  request.late = connection.phase == Phase::kLate;
  connection.line.tcp().expires_never();
  std::optional<Response> response = co_await Work(connection, std::move(request), stays);
  if (!response) co_return false;
  co_return co_await Write(connection, *std::move(response), keep_alive, head_only);
}

// False where the request did not come whole; what there was to say has been said then.
asio::awaitable<bool> Server::State::Read(Connection& connection, beast::flat_buffer& buffer,
                                          RequestReader& reader, BodyRoom& room) {
  using Reading = RequestReader::State;
  bool in_head = true;
  connection.line.tcp().expires_after(options.header_timeout);
  for (;;) {
    const auto bytes = buffer.data();
    buffer.consume(reader.Feed({static_cast<const char*>(bytes.data()), bytes.size()}));
    if (reader.state() == Reading::kRefused) {
      co_await Refuse(connection, reader.refusal());
      co_return false;
    }
    // Room is taken for what has come and not for what was announced: promises cost nothing, and a
    // few slow clients could hold it all.
    if (!room.GrowTo(reader.body_size())) {
      co_await Refuse(connection, Refusal::kOverloaded);
      co_return false;
    }
    if (reader.state() == Reading::kWhole) co_return true;
    if (reader.state() == Reading::kBody && std::exchange(in_head, false)) {
      connection.line.tcp().expires_after(options.body_timeout);
      if (reader.awaits_permission()) {
        auto [error, size] =
            co_await asio::async_write(connection.line, asio::buffer(kGoOn), kAwait);
        if (error) co_return false;
      }
      if (buffer.size() > 0) continue;
    }
    auto [error, size] =
        co_await connection.line.async_read_some(buffer.prepare(kReadBytes), kAwait);
    if (error) co_return false;
    buffer.commit(size);
  }
}

asio::awaitable<std::optional<Response>> Server::State::Work(Connection& connection,
                                                             Request request, bool keep_alive) {
  Errand errand;
  if (appraise) errand = appraise(request);
  auto deadline = Admission::Clock::time_point::max();
  if (errand.deadline != std::chrono::system_clock::time_point::max()) {
    deadline = Admission::Clock::now() + (errand.deadline - options.clock->Now());
  }
  auto shared = std::make_shared<Request>(std::move(request));
  // Named, and moved into the awaited call: g++ 12 destroys a temporary lambda's captures twice
  // when it is part of a co_await expression.
  auto start = [this, shared, errand, deadline, keep_alive,
                socket = &connection.line.tcp().socket()](auto completion) {
    using Completion = decltype(completion);
    auto done = std::make_shared<Completion>(std::move(completion));
    auto finish = [this, done](std::optional<Response> response) {
      asio::post(
          io, [done, response = std::move(response)]() mutable { (*done)(std::move(response)); });
    };
    const bool taken =
        (errand.light ? light : pictures).TrySubmit(errand.kind, deadline, [=, this](bool run) {
          if (!run) {
            finish(refuse(Refusal::kOverloaded));
            return false;
          }
          if (IsGone(*socket, keep_alive)) {
            finish(std::nullopt);
            return false;
          }
          Response response = Handle(*shared);
          const bool typical = response.status == 200;
          finish(std::move(response));
          return typical;
        });
    if (!taken) finish(refuse(Refusal::kOverloaded));
  };
  auto awaited = asio::async_initiate<const asio::use_awaitable_t<>, void(std::optional<Response>)>(
      std::move(start), asio::use_awaitable);
  std::optional<Response> response = co_await std::move(awaited);
  co_return response;
}

asio::awaitable<bool> Server::State::Write(Connection& connection, Response response,
                                           bool keep_alive, bool head_only) {
  keep_alive = keep_alive && !draining;
  const std::string head = RenderHead(response, keep_alive, options.clock->Now());
  const std::array<asio::const_buffer, 2> all = {
      asio::buffer(head), asio::buffer(response.body.data(), head_only ? 0 : response.body.size())};
  connection.line.tcp().expires_after(options.write_timeout);
  auto [error, size] = co_await asio::async_write(connection.line, all, kAwait);
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
  pictures.Stop();
  light.Stop();
  work.reset();
  if (io_thread.joinable()) io_thread.join();
}

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, Handler handler,
                                              RefusalHandler refuse, Appraiser appraise) {
  auto state =
      std::make_unique<State>(options, std::move(handler), std::move(refuse), std::move(appraise));
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
  return {.connections = state_->connection_count,
          .queued = state_->pictures.queued() + state_->light.queued(),
          .expected_wait_s = state_->pictures.ExpectedWait().count(),
          .body_bytes = state_->body_bytes};
}

}  // namespace candid::net
