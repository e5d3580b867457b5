#include "apps/command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

namespace candid::apps {

ExitCode ExitCodeOf(Code code) {
  if (code == Code::kCancelled) return kInterrupted;
  switch (ClassOf(code)) {
    case ErrorClass::kCaller:
      return kCallersFault;
    case ErrorClass::kState:
      return kStateSaysNo;
    case ErrorClass::kOurs:
      return kOurFailure;
  }
  return kOurFailure;
}

std::filesystem::path DefaultStateFolder() {
  if (const char* state = std::getenv("CANDID_STATE"); state != nullptr && *state != '\0') {
    return state;
  }
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home != nullptr ? home : "/var/lib") / ".local/share/candid";
}

void Run(CLI::App* command, Context* context, std::function<Status()> body) {
  command->add_option("--state", context->state, "Folder of database, keys, models and logs")
      ->capture_default_str();
  command->add_flag("--json", context->json, "One JSON document on stdout instead of tables");
  command->callback([context, body = std::move(body)] {
    const Status done = body();
    if (done) return;
    std::fprintf(stderr, "candid: %s\n", done.error().message().c_str());
    context->exit_code = ExitCodeOf(done.error().code());
  });
}

}  // namespace candid::apps
