// candid: one binary, a subcommand for each thing a person does with it.

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>

#include "apps/command.h"

namespace candid::apps {

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
  AddModels(&app, &context);
  AddDetect(&app, &context);
  AddCompare(&app, &context);
  AddCollections(&app, &context);
  AddEnroll(&app, &context);
  AddSearch(&app, &context);
  AddReembed(&app, &context);
  AddBackup(&app, &context);
  AddEval(&app, &context);
  AddCalibrate(&app, &context);
  AddAccuracy(&app, &context);
  AddKeys(&app, &context);
  AddAudit(&app, &context);
  AddErase(&app, &context);
  AddServe(&app, &context);
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
  // A limit on file sizes (ulimit -f) is a full disk like any other: an error, not the end.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return candid::apps::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "candid: %s\n", error.what());
    return candid::apps::kOurFailure;
  }
}
