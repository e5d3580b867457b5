// candid: one binary, a subcommand for each thing a person does with it.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "apps/command.h"

namespace candid::apps {

ExitCode ExitCodeOf(Code code) {
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

namespace {

constexpr const char* kFooter =
    "\nExit codes: 0 done; 1 our failure (disk, machine, damaged file); 2 wrong usage or a file "
    "that\nis no picture; 3 the state of things says no (not found, already there, in use); "
    "130 Ctrl-C.\n";

int Main(int argc, char** argv) {
  Context context;
  context.state = DefaultStateFolder();
  CLI::App app{"Candid: face recognition on your own machine, with its error rates in the open."};
  app.name("candid");
  app.set_version_flag("--version", std::string("candid " CANDID_VERSION));
  app.require_subcommand(1);
  app.footer(kFooter);
  AddDoctor(&app, &context);
  AddKeys(&app, &context);
#ifdef CANDID_WITH_FACE
  AddDetect(&app, &context);
  AddCompare(&app, &context);
#endif
#ifdef CANDID_WITH_MODELS
  AddModels(&app, &context);
#endif
#ifdef CANDID_WITH_API
  AddServe(&app, &context);
#endif
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version end here too, with 0.
    return app.exit(error) == 0 ? kDone : kCallersFault;
  }
  return context.exit_code;
}

}  // namespace
}  // namespace candid::apps

int main(int argc, char** argv) {
  try {
    return candid::apps::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "candid: %s\n", error.what());
    return candid::apps::kOurFailure;
  }
}
