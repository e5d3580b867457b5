// Service: the whole server behind one call. What `candid serve` starts.
//
//   POST /        the Rekognition operations, signed
//   GET  /healthz the process answers            } from this machine only,
//   GET  /readyz  it can do its work, or why not } no signature
//   GET  /metrics Prometheus' text               }
//   GET  /v1/accuracy the card of the running model }
#pragma once

#include <functional>
#include <memory>

#include "candid/api/sigv4.h"
#include "candid/base/clock.h"
#include "candid/collections/collections.h"
#include "candid/objects/source.h"
#include "candid/ops/config.h"
#include "candid/ops/log.h"
#include "candid/ops/metrics.h"

namespace candid::api {

struct ServiceParts {
  collections::Collections& collections;
  const objects::Source& objects;  // what S3Object names
  KeyLookup open_key;
  Bytes paging_secret;            // 32 bytes, kept across restarts so that tokens stay good
  std::function<Status()> ready;  // for /readyz; thread-safe
  ops::Log& log;
  ops::Metrics& metrics;
  const Clock& clock = SystemClock();
};

// Threads that answer requests, by the configuration and the machine.
std::size_t WorkersOf(const ops::Config& config);

class Service {
 public:
  // What `parts` refers to outlives the service. kInvalidArgument: an address that is nonsense, or
  // not loopback without TLS; others as net::Server::Start.
  static Result<std::unique_ptr<Service>> Start(const ops::Config& config, ServiceParts parts);
  ~Service();  // stops

  std::uint16_t port() const;

  // Graceful: requests in work are answered first; those that come meanwhile are told to try again,
  // and /readyz says so. Blocks; may be called twice.
  void Stop();

 private:
  struct State;
  explicit Service(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace candid::api
