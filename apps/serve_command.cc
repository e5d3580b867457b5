// candid serve

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>

#include "apps/buckets.h"
#include "apps/command.h"
#include "apps/duration.h"
#include "apps/interrupt.h"
#include "apps/open.h"
#include "apps/secret.h"
#include "candid/api/service.h"
#include "candid/collections/access_keys.h"
#include "candid/net/self_signed.h"

namespace candid::apps {
namespace {

constexpr std::chrono::seconds kUpkeepEvery{5};
constexpr std::uintmax_t kLeastFreeBytes = 32u << 20;  // of the disk, to be ready

struct ServeOptions {
  std::string config;
  std::string listen;
  std::string certificate;
  std::string key;
  bool self_signed = false;
};

Status ParseListen(const std::string& listen, ops::Config* config) {
  const std::size_t colon = listen.rfind(':');
  const char* end = listen.data() + listen.size();
  std::uint16_t port = 0;
  const bool both = colon != std::string::npos && colon != 0 && colon + 1 != listen.size();
  const auto read = std::from_chars(listen.data() + (both ? colon + 1 : 0), end, port);
  if (!both || read.ptr != end || read.ec != std::errc()) {
    return Fail(Code::kInvalidArgument,
                fmt::format("--listen {}: not ADDRESS:PORT, such as 127.0.0.1:8600", listen));
  }
  config->address = listen.substr(0, colon);
  if (config->address.front() == '[' && config->address.back() == ']') {  // IPv6, as URLs write it
    config->address = config->address.substr(1, config->address.size() - 2);
  }
  config->port = port;
  return {};
}

// The file, then the environment, then the command line.
Result<ops::Config> ConfigOf(const Context& context, const ServeOptions& options) {
  if (options.certificate.empty() != options.key.empty()) {
    return Fail(Code::kInvalidArgument, "--tls-certificate and --tls-key go together");
  }
  CANDID_ASSIGN(ops::Config config, ops::LoadConfig(options.config, ops::ProcessEnvironment()));
  config.state_dir = context.state;
  if (!options.listen.empty()) CANDID_TRY(ParseListen(options.listen, &config));
  if (!options.certificate.empty()) {
    config.tls_certificate = options.certificate;
    config.tls_key = options.key;
    config.tls_self_signed = false;
  }
  if (options.self_signed) {
    if (!config.tls_certificate.empty()) {
      return Fail(Code::kInvalidArgument, "--tls-self-signed and a certificate: choose one");
    }
    config.tls_self_signed = true;
  }
  return config;
}

// Makes the certificate at the first start, and says at each how clients come to trust it.
Status UseSelfSigned(const Context& context, ops::Config* config, ops::Log& log) {
  CANDID_ASSIGN(const net::SelfSigned own,
                net::EnsureSelfSigned(context.state / "tls", config->address));
  config->tls_certificate = own.certificate;
  config->tls_key = own.key;
  log.Write(ops::Level::kInfo, own.made ? "certificate made" : "certificate",
            {{"file", own.certificate.string()},
             {"sha256", own.fingerprint},
             {"expires", FormatTime(own.expires)},
             {"clients", "AWS_CA_BUNDLE=" + own.certificate.string()}});
  return {};
}

// Whether the store can be read, and written as far as one can tell without writing.
Status CheckStore(const store::Store& store) {
  const auto count = store.CountCollections();
  if (!count) return Fail(count.error());
  if (access(store.database().c_str(), R_OK | W_OK) != 0) {
    return Fail(Code::kUnavailable, fmt::format("{}: {}", store.database().string(),
                                                std::generic_category().message(errno)));
  }
  if (store.audit_health().failing) {
    return Fail(Code::kUnavailable,
                fmt::format("the audit trail cannot be written, {} lines are "
                            "lost: free disk space under {}",
                            store.audit_health().lost, store.folder().string()));
  }
  std::error_code error;
  const auto space = std::filesystem::space(store.folder(), error);
  if (!error && space.available < kLeastFreeBytes) {
    return Fail(Code::kUnavailable, fmt::format("the disk of {} is full: {} MiB are free",
                                                store.folder().string(), space.available >> 20));
  }
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

// The trail says that a safeguard was off from here on.
void AuditMatchingOfAges(store::Store& store) {
  store.Audit({SystemClock().Now(), "", "MatchAgesTheModelCannotTellApart", "", "ok", 0, 0});
}

// Done every few seconds while the server runs, by a thread of its own.
class Upkeep {
 public:
  explicit Upkeep(std::function<void()> work)
      : thread_([this, work = std::move(work)] {
          std::unique_lock lock(mutex_);
          while (!ended_.wait_for(lock, kUpkeepEvery, [this] { return end_; })) work();
        }) {}
  ~Upkeep() {
    {
      const std::lock_guard guard(mutex_);
      end_ = true;
    }
    ended_.notify_all();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;  // last: it uses the others
};

// Says once what is wrong, and again when it is another thing.
class Complaint {
 public:
  explicit Complaint(ops::Log& log) : log_(log) {}
  void About(const char* what, const Status& status) {
    const std::string reason = status ? "" : status.error().message();
    if (reason != last_ && !status) log_.Write(ops::Level::kError, what, {{"reason", reason}});
    last_ = reason;
  }

 private:
  ops::Log& log_;
  std::string last_;
};

Status Serve(const Context& context, const ServeOptions& options) {
  Interrupt interrupt;
  CANDID_ASSIGN(ops::Config config, ConfigOf(context, options));
  CANDID_ASSIGN(const auto log, ops::Log::Create(config.log_format, config.log_level));
  if (config.tls_self_signed) CANDID_TRY(UseSelfSigned(context, &config, *log));
  collections::Options limits;
  limits.max_collections = static_cast<std::size_t>(config.max_collections);
  limits.max_faces = static_cast<std::size_t>(config.max_faces_per_collection);
  limits.max_users = static_cast<std::size_t>(config.max_users_per_collection);
  limits.match_unsupported_ages = config.match_ages_the_model_cannot_tell_apart;
  CANDID_ASSIGN(const auto place,
                OpenWorkplace(context, store::Access::kWrite, Need::kPhotos, limits));
  CANDID_ASSIGN(const auto keys, collections::AccessKeys::Load(*place.store));
  CANDID_ASSIGN(auto paging_secret, ReadOrMakeSecret(context.state / "paging_secret", 32));
  CANDID_ASSIGN(const auto buckets, OpenBuckets(config, api::WorkersOf(config)));
  ops::Metrics metrics;
  Readiness readiness;
  const auto ready = [&readiness, &store = *place.store]() -> Status {
    CANDID_TRY(readiness.Get());
    return CheckStore(store);
  };
  CANDID_ASSIGN(const auto service,
                api::Service::Start(config, {*place.collections, *buckets,
                                             [&keys](std::string_view id, std::string_view token) {
                                               return keys->Open(id, token);
                                             },
                                             std::move(paging_secret), ready, *log, metrics}));
  log->Write(ops::Level::kInfo, "serving",
             {{"address", std::string_view(config.address)},
              {"port", std::int64_t{service->port()}},
              {"scheme", config.tls_certificate.empty() ? "http" : "https"}});
  if (config.match_ages_the_model_cannot_tell_apart) {
    AuditMatchingOfAges(*place.store);
    log->Write(ops::Level::kWarning, "ages that the model cannot tell apart are matched",
               {{"setting", std::string_view("[api] match_ages_the_model_cannot_tell_apart")}});
  }
  std::atomic<bool> stopping = false;
  std::thread warming([&] { Warm(*place.collections, stopping, readiness, *log); });
  Complaint sealing(*log);
  Complaint erasing(*log);
  Upkeep upkeep([&] {
    sealing.About("audit trail not sealed", place.store->SealAuditHead());
    const auto erased = place.collections->EraseExpired();
    erasing.About("old faces not erased", erased ? Status() : Fail(erased.error()));
    if (erased.value_or(0) == 0) return;
    log->Write(ops::Level::kInfo, "old faces erased",
               {{"faces", static_cast<std::int64_t>(*erased)}});
  });
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
      "\nWithout TLS only a loopback address is served. Settings: "
      "docs/configuration.md.\nExamples:\n"
      "  candid serve --listen 127.0.0.1:8600\n  candid serve --config candid.toml\n"
      "  candid serve --listen 0.0.0.0:8443 --tls-self-signed\n"
      "  candid serve --listen 0.0.0.0:8443 --tls-certificate chain.pem --tls-key key.pem\n");
  auto options = std::make_shared<ServeOptions>();
  command->add_option("--config", options->config, "TOML file")->check(CLI::ExistingFile);
  command->add_option("--listen", options->listen, "ADDRESS:PORT; wins over the file");
  command->add_option("--tls-certificate", options->certificate, "PEM file, chain included");
  command->add_option("--tls-key", options->key, "PEM file of its private key");
  command->add_flag("--tls-self-signed", options->self_signed,
                    "A certificate of its own, made at the first start");
  Run(command, context, [context, options] { return Serve(*context, *options); });
}

}  // namespace candid::apps
