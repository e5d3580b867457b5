// candid serve

#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <mutex>
#include <thread>

#include "apps/command.h"
#include "apps/interrupt.h"
#include "apps/open.h"
#include "apps/secret.h"
#include "candid/api/service.h"
#include "candid/collections/access_keys.h"

namespace candid::apps {
namespace {

struct ServeOptions {
  std::string config;
  std::string listen;
};

Status ParseListen(const std::string& listen, ops::Config* config) {
  const std::size_t colon = listen.rfind(':');
  const char* end = listen.data() + listen.size();
  std::uint16_t port = 0;
  if (colon == std::string::npos || colon == 0 ||
      std::from_chars(listen.data() + colon + 1, end, port).ptr != end ||
      colon + 1 == listen.size()) {
    return Fail(Code::kInvalidArgument,
                fmt::format("--listen {}: not ADDRESS:PORT, such as 127.0.0.1:8600", listen));
  }
  config->address = listen.substr(0, colon);
  config->port = port;
  return {};
}

// What /readyz says while the galleries are filled.
class Readiness {
 public:
  void Set(Status status) {
    const std::lock_guard guard(mutex_);
    status_ = std::move(status);
  }
  Status Get() const {
    const std::lock_guard guard(mutex_);
    return status_;
  }

 private:
  mutable std::mutex mutex_;
  Status status_ = Fail(Code::kUnavailable, "galleries are being filled: 0 faces so far");
};

// Fills the galleries and says so; a collection that cannot be filled leaves the server not ready.
void Warm(collections::Collections& collections, const std::atomic<bool>& stopping,
          Readiness& readiness, ops::Log& log) {
  const auto progress = [&](std::size_t faces) -> Status {
    if (stopping) return Fail(Code::kCancelled, "the server is stopping");
    readiness.Set(Fail(Code::kUnavailable,
                       fmt::format("galleries are being filled: {} faces so far", faces)));
    return {};
  };
  const auto warm = collections.Warm(progress);
  if (!warm) {
    readiness.Set(Fail(warm.error()));
    log.Write(ops::Level::kError, "not ready", {{"reason", warm.error().message()}});
    return;
  }
  readiness.Set({});
  log.Write(ops::Level::kInfo, "ready",
            {{"collections", static_cast<std::int64_t>(warm->collections)},
             {"faces", static_cast<std::int64_t>(warm->faces)},
             {"seconds", warm->seconds}});
  for (const std::string& id : warm->foreign) {
    log.Write(ops::Level::kWarning, "collection of another pack",
              {{"collection", id}, {"remedy", "candid reembed"}});
  }
}

Status Serve(const Context& context, const ServeOptions& options) {
  Interrupt interrupt;
  CANDID_ASSIGN(ops::Config config, ops::LoadConfig(options.config, ops::ProcessEnvironment()));
  config.state_dir = context.state;
  if (!options.listen.empty()) CANDID_TRY(ParseListen(options.listen, &config));
  CANDID_ASSIGN(const auto log, ops::Log::Create(config.log_format, config.log_level));
  CANDID_ASSIGN(const auto place, OpenWorkplace(context, store::Access::kWrite, Need::kPhotos));
  CANDID_ASSIGN(const auto keys, collections::AccessKeys::Load(*place.store));
  CANDID_ASSIGN(auto paging_secret, ReadOrMakeSecret(context.state / "paging_secret", 32));
  ops::Metrics metrics;
  Readiness readiness;
  CANDID_ASSIGN(
      const auto service,
      api::Service::Start(
          config,
          {*place.collections, [&keys](std::string_view id) { return keys->Secret(id); },
           std::move(paging_secret), [&readiness] { return readiness.Get(); }, *log, metrics}));
  log->Write(
      ops::Level::kInfo, "serving",
      {{"address", std::string_view(config.address)}, {"port", std::int64_t{service->port()}}});
  std::atomic<bool> stopping = false;
  std::thread warming([&] { Warm(*place.collections, stopping, readiness, *log); });
  interrupt.Wait();
  log->Write(ops::Level::kInfo, "stopping", {});
  stopping = true;
  service->Stop();
  warming.join();
  return {};
}

}  // namespace

void AddServe(CLI::App* app, Context* context) {
  CLI::App* command = app->add_subcommand("serve", "Answer the Rekognition API until Ctrl-C");
  command->footer(
      "\nLoopback only: there is no TLS yet. Settings: docs/configuration.md.\nExamples:\n"
      "  candid serve --listen 127.0.0.1:8600\n  candid serve --config candid.toml\n");
  auto options = std::make_shared<ServeOptions>();
  command->add_option("--config", options->config, "TOML file")->check(CLI::ExistingFile);
  command->add_option("--listen", options->listen, "ADDRESS:PORT; wins over the file");
  Run(command, context, [context, options] { return Serve(*context, *options); });
}

}  // namespace candid::apps
