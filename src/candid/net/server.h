// Server: HTTP/1.1 over TCP or TLS with every limit said out loud. One thread moves bytes; requests
// are answered by two bounded pools of workers, one for pictures and one for the rest. It knows
// nothing of what the requests mean: what they cost and how its own refusals are worded is said by
// callbacks.
//
// Duties it takes: body limit checked before reading, Expect answered, heads refused that two
// readers could read in two ways, time-outs for header (TLS handshake too), body, idle and write
// apart, caps on connections (in all and for one address), on requests of one connection and on
// body bytes in memory, admission by expected wait (admission.h), work not begun whose deadline has
// passed or whose client has gone, Date on every answer, graceful stop.
//
// Gone is a client whose line is reset, or that has closed its half although it left the connection
// to be kept alive. Who closes its half and wants an answer says `Connection: close`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "candid/base/clock.h"
#include "candid/base/result.h"
#include "candid/net/http.h"

namespace candid::net {

// PEM files; tls.h says what they hold. Read once, at the start.
struct TlsFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

struct ServerOptions {
  std::string address = "127.0.0.1";  // numeric, IPv4 or IPv6
  std::uint16_t port = 0;             // 0: any free one, see port()
  std::size_t workers = 2;            // for pictures
  std::size_t light_workers = 4;      // for the rest, which waits for the disk more than it counts
  std::size_t queue_limit = 64;       // requests that wait for either
  std::chrono::milliseconds max_wait{5'000};  // for a worker; admission.h
  std::size_t kinds = 1;                      // of requests
  std::size_t max_requests_per_connection = 1'000;
  std::size_t max_connections = 4096;
  std::size_t max_connections_per_address = 2048;
  std::size_t max_header_bytes = 32u << 10;
  std::size_t max_body_bytes = 16u << 20;
  std::size_t max_body_bytes_in_flight = 512u << 20;  // of all connections together
  std::chrono::milliseconds header_timeout{10'000};   // from the first byte of a request
  std::chrono::milliseconds body_timeout{60'000};
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds write_timeout{30'000};
  std::chrono::milliseconds drain_timeout{10'000};  // what Stop grants to requests in work
  const Clock* clock = &SystemClock();              // of the Date header; outlives the server
  std::optional<TlsFiles> tls;                      // absent: plain HTTP
};

// What a request asks of the workers, as far as its head tells.
struct Errand {
  bool light = true;  // no picture: has workers of its own, so that it is not stuck behind photos
  std::size_t kind = 0;  // below ServerOptions::kinds; one kind takes about one time
  // Nobody waits for the answer any longer then.
  std::chrono::system_clock::time_point deadline = std::chrono::system_clock::time_point::max();
};

// Called on a worker thread, many at once. An exception becomes Refusal::kFailed.
using Handler = std::function<Response(const Request&)>;
// Called on any thread, many at once; must not throw.
using RefusalHandler = std::function<Response(Refusal)>;
// Called on the thread that moves bytes; must be quick and not throw.
using Appraiser = std::function<Errand(const Request&)>;

struct ServerStats {
  std::size_t connections = 0;
  std::size_t queued = 0;
  double expected_wait_s = 0;  // of a picture that came now
  std::size_t body_bytes = 0;  // of bodies being read or worked on
};

class Server {
 public:
  // Binds and starts. Without an appraiser (null) every request is light. kInvalidArgument names a
  // bad address; kIo that it cannot be bound, and why; LoadTls's for the files of `options.tls`.
  static Result<std::unique_ptr<Server>> Start(const ServerOptions& options, Handler handler,
                                               RefusalHandler refuse, Appraiser appraise = nullptr);
  ~Server();  // stops

  std::uint16_t port() const;
  ServerStats stats() const;  // thread-safe

  // Closes idle connections and lets requests in work end (at most drain_timeout), then closes what
  // is left. Until then newcomers still reach the handler, marked `late`, so that whoever asks how
  // the server is gets an answer. Blocks; may be called twice, not from a handler.
  void Stop();

  struct State;

 private:
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Whether the numeric address reaches this machine only.
bool IsLoopback(const std::string& address);

}  // namespace candid::net
