#include "candid/api/service.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "candid/api/access.h"
#include "candid/api/accuracy.h"
#include "candid/api/cors.h"
#include "candid/api/errand.h"
#include "candid/api/operations.h"
#include "candid/api/replays.h"
#include "candid/base/cores.h"
#include "candid/base/ids.h"
#include "candid/net/server.h"

namespace candid::api {
namespace {

constexpr std::string_view kNobody = "-";  // in the trail: a caller whose key is not known

net::ServerOptions ServerOptionsOf(const ops::Config& config, const Clock& clock) {
  const auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
  net::ServerOptions options;
  options.address = config.address;
  options.port = config.port;
  options.workers = WorkersOf(config);
  options.queue_limit = size(config.queue_limit);
  options.max_wait = std::chrono::milliseconds(config.max_wait_ms);
  options.kinds = ErrandKinds();
  options.max_requests_per_connection = size(config.max_requests_per_connection);
  options.max_connections = size(config.max_connections);
  options.max_connections_per_address = size(config.max_connections_per_address);
  options.max_body_bytes = size(config.max_body_mib) << 20;
  options.max_body_bytes_in_flight = size(config.max_body_in_flight_mib) << 20;
  options.header_timeout = std::chrono::seconds(config.header_timeout_s);
  options.body_timeout = std::chrono::seconds(config.body_timeout_s);
  options.idle_timeout = std::chrono::seconds(config.idle_timeout_s);
  options.write_timeout = std::chrono::seconds(config.write_timeout_s);
  options.drain_timeout = std::chrono::seconds(config.drain_timeout_s);
  options.clock = &clock;
  if (!config.tls_certificate.empty()) {
    options.tls = net::TlsFiles{config.tls_certificate, config.tls_key};
  }
  return options;
}

Failure FailureOfRefusal(net::Refusal refusal) {
  switch (refusal) {
    case net::Refusal::kMalformed:
      return {"SerializationException", "The request is not valid HTTP.", 400, Shape::kFramework};
    case net::Refusal::kHeaderTooLarge:
      return {"SerializationException", "The request's headers are too large.", 400,
              Shape::kFramework};
    case net::Refusal::kBodyTooLarge:
      return {"RequestEntityTooLargeException", "The request body is over the server's limit.", 413,
              Shape::kFramework};
    case net::Refusal::kOverloaded:
      // 400 and not 503: clients back off properly on this one.
      return {"ThrottlingException", "Rate exceeded", 400, Shape::kService};
    case net::Refusal::kFailed:
      break;
  }
  return {"InternalServerError", "Internal server error", 500, Shape::kService};
}

net::Response Plain(int status, std::string text, std::string_view type = "text/plain") {
  net::Response response;
  response.status = status;
  response.content_type = type;
  response.body = std::move(text);
  return response;
}

// What is known of a call as it goes on.
struct Call {
  std::string operation = "other";  // one of those served, for metrics
  std::string action = "other";     // one of the real service's, for the trail
  std::string collection;
  collections::Caller caller{std::string(kNobody)};
  std::uint64_t returned = 0;
  bool welcome = false;  // signed by a key of ours that does not come too often
};

}  // namespace

std::size_t WorkersOf(const ops::Config& config) {
  if (config.workers > 0) return static_cast<std::size_t>(config.workers);
  return UsableCores();
}

struct Service::State {
  State(const ops::Config& c, ServiceParts p)
      : config(c), parts(std::move(p)), tokens(parts.paging_secret), cors(c.cors_origins) {}

  ops::Config config;
  ServiceParts parts;
  PagingTokens tokens;
  Cors cors;
  Replays replays;
  // Refusals of strangers and of those who come too often would fill the disk: of these so many are
  // lines of their own, the others are told by number.
  collections::RateLimit refusal_lines{20, 1000};
  std::atomic<std::uint64_t> untold_refusals = 0;
  std::unique_ptr<net::Server> server;  // last: its threads use all of the above

  void AddGauges();
  net::Response Answer(const net::Request& request);
  net::Response AnswerGet(const net::Request& request, const std::string& request_id);
  Expected<std::string> Run(const net::Request& request, Call& call);
  // Unsigned callers, where they are let in, have no key.
  Expected<Caller> CallerOf(const net::Request& request) const;
  // The call's line of the trail, where no change of the store has it.
  void Record(const Call& call, const std::string& outcome);
  void TellUntold();
};

Expected<Caller> Service::State::CallerOf(const net::Request& request) const {
  if (config.accept_unsigned_requests && request.Find("authorization") == nullptr) {
    return Caller{
        {.secret = {}, .key_id = std::string(kNobody), .policies = {}}, config.region, {}};
  }
  return Authenticate(request, parts.open_key, parts.clock);
}

Expected<std::string> Service::State::Run(const net::Request& request, Call& call) {
  if (request.late) return Refuse(FailureOf(Error(Code::kCancelled, ""), Subject::kOther));
  if (config.audit_addresses) call.caller.address = request.peer;
  const auto caller = CallerOf(request);
  if (!caller) return Refuse(caller.error());
  const collections::Grant& grant = caller->grant;
  call.caller.key_id = grant.key_id;
  call.caller.session = grant.session;
  if (grant.rate != nullptr && !grant.rate->Take()) {
    return RefuseService("ProvisionedThroughputExceededException", "Provisioned Rate exceeded");
  }
  call.welcome = true;
  const std::string_view name = OperationOf(request);
  const OperationSchema* schema = SchemaOf(name);
  if (schema == nullptr) {
    if (IsKnownButNotServed(name)) {
      call.action = name;
      return RefuseService("AccessDeniedException",
                           "Candid does not serve the operation " + std::string(name) + ".");
    }
    return RefuseEarly("com.amazon.coral.service#UnknownOperationException", "");
  }
  call.action = call.operation = name;
  const auto input = Input::Parse(request.body, *schema);
  if (input) call.collection = CollectionOf(*input);
  // Who may not is told so before what is wrong with the request.
  const auto allowed =
      CheckAccess(grant, {name, call.collection, caller->region, config.account_id});
  if (!allowed) return Refuse(allowed.error());
  if (!input) return Refuse(input.error());
  DescribeCall(*input, &call.caller);
  if (!collections::IsRead(name) && !caller->signature.empty() &&
      !replays.Admit(caller->signature)) {
    return RefuseEarly("InvalidSignatureException",
                       "The signature was used before. Sign each request anew.");
  }
  call.caller.returned = &call.returned;
  return RunOperation(name, *input,
                      {parts.collections, parts.objects, tokens, parts.metrics, call.caller,
                       caller->region, config.account_id});
}

void Service::State::Record(const Call& call, const std::string& outcome) {
  if (outcome == "ok" && !collections::IsRead(call.action)) return;
  if (!call.welcome && !refusal_lines.Take()) {
    ++untold_refusals;
    return;
  }
  TellUntold();
  parts.collections.Audit(call.caller, call.action, call.collection, outcome, call.returned);
}

void Service::State::TellUntold() {
  const std::uint64_t untold = untold_refusals.exchange(0);
  if (untold == 0) return;
  parts.collections.Audit({std::string(kNobody)}, "UntoldRefusals", "", "refused", untold);
}

net::Response Service::State::AnswerGet(const net::Request& request,
                                        const std::string& request_id) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (reads && net::IsLoopback(request.peer)) {
    if (request.target == "/healthz") return Plain(200, "ok\n");
    if (request.target == "/readyz") {
      if (request.late) return Plain(503, "the server is stopping\n");
      const Status ready = parts.ready ? parts.ready() : Status();
      return ready ? Plain(200, "ready\n") : Plain(503, ready.error().message() + "\n");
    }
    if (request.target == "/v1/accuracy") {
      return Plain(200, AccuracyCard(parts.collections.model(), parts.collections.scale()),
                   "application/json");
    }
    if (request.target == "/metrics") {
      return Plain(200, parts.metrics.Render(), ops::Metrics::kContentType);
    }
  }
  return RenderFailure(
      {"com.amazon.coral.service#UnknownOperationException", "", 404, Shape::kFramework},
      request_id);
}

net::Response Service::State::Answer(const net::Request& request) {
  const std::string request_id = RandomUuid();
  if (auto preflight = cors.Preflight(request)) return *std::move(preflight);
  if (request.method != "POST" || request.target != "/") return AnswerGet(request, request_id);
  const auto start = std::chrono::steady_clock::now();
  Call call;
  std::string outcome = "ok";
  net::Response response;
  try {
    auto answer = Run(request, call);
    if (!answer) {
      outcome = answer.error().type;
      if (!answer.error().reason.empty()) {
        parts.log.Write(ops::Level::kInfo, "refused",
                        {{"request", request_id}, {"reason", answer.error().reason}});
      }
    }
    response = answer ? RenderSuccess(*std::move(answer), request_id)
                      : RenderFailure(answer.error(), request_id);
  } catch (const std::exception& error) {
    outcome = "InternalServerError";
    parts.log.Write(ops::Level::kError, "exception",
                    {{"request", request_id}, {"what", error.what()}});
    response = RenderFailure(FailureOfRefusal(net::Refusal::kFailed), request_id);
  }
  Record(call, outcome);
  cors.Allow(request, &response);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  parts.metrics.CountRequest(call.operation, outcome, seconds);
  parts.log.Write(response.status >= 500 ? ops::Level::kError : ops::Level::kInfo, "request",
                  {{"request", request_id},
                   {"operation", call.operation},
                   {"outcome", outcome},
                   {"ms", seconds * 1e3}});
  return response;
}

void Service::State::AddGauges() {
  const auto& collections = parts.collections;
  ops::Metrics& metrics = parts.metrics;
  metrics.AddGauge("candid_gallery_collections", "Collections in memory, ready to be searched",
                   [&collections] { return double(collections.loaded().collections); });
  metrics.AddGauge("candid_gallery_faces", "Faces in memory, ready to be searched",
                   [&collections] { return double(collections.loaded().faces); });
  metrics.AddGauge("candid_gallery_users", "Users in memory, ready to be searched",
                   [&collections] { return double(collections.loaded().users); });
  metrics.AddGauge("candid_gallery_bytes", "Memory of the galleries",
                   [&collections] { return double(collections.loaded().bytes); });
  metrics.AddGauge("candid_audit_lines_lost", "Lines of the trail that could not be written",
                   [&collections] { return double(collections.audit_health().lost); });
  metrics.AddGauge("candid_connections", "Connections that are open",
                   [this] { return double(server->stats().connections); });
  metrics.AddGauge("candid_queued_requests", "Requests that wait for a worker",
                   [this] { return double(server->stats().queued); });
  metrics.AddGauge("candid_expected_wait_seconds", "Until a picture that came now is looked at",
                   [this] { return server->stats().expected_wait_s; });
  metrics.AddGauge("candid_body_bytes", "Memory of request bodies being read or worked on",
                   [this] { return double(server->stats().body_bytes); });
}

Result<std::unique_ptr<Service>> Service::Start(const ops::Config& config, ServiceParts parts) {
  if (config.tls_certificate.empty() && !net::IsLoopback(config.address)) {
    return Fail(
        Code::kInvalidArgument,
        "[server] address '" + config.address +
            "' is not a loopback address, and others are served with TLS only: give "
            "--tls-certificate and --tls-key, or --tls-self-signed, or listen on 127.0.0.1");
  }
  const Clock& clock = parts.clock;
  auto state = std::make_unique<State>(config, std::move(parts));
  State* const self = state.get();
  CANDID_ASSIGN(state->server,
                net::Server::Start(
                    ServerOptionsOf(config, clock),
                    [self](const net::Request& request) { return self->Answer(request); },
                    [self](net::Refusal refusal) {
                      const Failure failure = FailureOfRefusal(refusal);
                      self->parts.metrics.CountRefusal(failure.type);
                      return RenderFailure(failure, RandomUuid());
                    },
                    ErrandOf));
  state->AddGauges();
  return std::unique_ptr<Service>(new Service(std::move(state)));
}

Service::Service(std::unique_ptr<State> state) : state_(std::move(state)) {}
Service::~Service() { Stop(); }
std::uint16_t Service::port() const { return state_->server->port(); }
void Service::Stop() {
  state_->server->Stop();
  state_->TellUntold();
}

}  // namespace candid::api
