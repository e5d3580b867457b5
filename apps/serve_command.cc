// candid serve

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>

#include "apps/command.h"
#include "apps/keys.h"
#include "apps/photo.h"
#include "apps/photo_backend.h"
#include "candid/api/service.h"

namespace candid::apps {
namespace {

struct ServeOptions {
  std::string config;
  std::string listen;
};

// Held until the process ends: one server to a state folder.
Status LockState(const std::filesystem::path& state) {
  const auto file = state / "lock";
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return Fail(Code::kIo,
                fmt::format("cannot open {}; does the folder exist? ./up makes it", file.string()));
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return Fail(Code::kConflict,
                fmt::format("a server is running on {}; ./up --stop ends it", state.string()));
  }
  return {};
}

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

// Ctrl-C and SIGTERM are waited for, not handled: no code runs in a signal handler. Called before
// any thread starts, so that all of them inherit the mask.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

Status Serve(const Context& context, const ServeOptions& options) {
  const sigset_t signals = BlockSignals();
  CANDID_ASSIGN(ops::Config config, ops::LoadConfig(options.config, ops::ProcessEnvironment()));
  config.state_dir = context.state;
  if (!options.listen.empty()) CANDID_TRY(ParseListen(options.listen, &config));
  CANDID_TRY(LockState(context.state));
  CANDID_ASSIGN(const auto log, ops::Log::Create(config.log_format, config.log_level));
  CANDID_ASSIGN(const auto keys, ReadKeys(context.state));
  CANDID_ASSIGN(auto paging_secret, ReadOrMakeSecret(context.state / "paging_secret", 32));
  CANDID_ASSIGN(const auto pipeline, OpenPipeline(context));
  PhotoBackend backend(*pipeline);
  ops::Metrics metrics;
  const auto secret_of = [&keys](std::string_view id) -> Result<std::string> {
    for (const AccessKey& key : keys) {
      if (key.id == id) return key.secret;
    }
    return Fail(Code::kNotFound, "no such key");
  };
  CANDID_ASSIGN(const auto service,
                api::Service::Start(config, {backend, secret_of, std::move(paging_secret),
                                             [] { return Status(); }, *log, metrics}));
  log->Write(
      ops::Level::kInfo, "serving",
      {{"address", std::string_view(config.address)}, {"port", std::int64_t{service->port()}}});
  int received = 0;
  sigwait(&signals, &received);
  log->Write(ops::Level::kInfo, "stopping", {});
  service->Stop();
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
