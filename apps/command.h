// What the subcommands of `candid` share: where the state lies, how to speak, how to end.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "candid/base/result.h"

namespace CLI {
class App;
}

namespace candid::apps {

// What the process returns; docs/cli.md has the same table.
enum ExitCode {
  kDone = 0,
  kOurFailure = 1,     // the disk, the machine, a damaged file, a bug
  kCallersFault = 2,   // wrong usage, a file that is no picture
  kStateSaysNo = 3,    // not found, already there, in use
  kInterrupted = 130,  // Ctrl-C, after a clean stop
};

ExitCode ExitCodeOf(Code code);

struct Context {
  std::filesystem::path state;  // the folder of database, keys, models, logs
  bool json = false;            // for machines: one JSON document on stdout, nothing else
  int exit_code = kDone;
};

// Folders where nothing is said: $CANDID_STATE, else ~/.local/share/candid.
std::filesystem::path DefaultStateFolder();

// Adds --state and --json, and runs `body` when the subcommand was chosen; its error becomes a line
// on stderr and the exit code.
void Run(CLI::App* command, Context* context, std::function<Status()> body);

// A file per subcommand: <name>_command.cc.
void AddAccuracy(CLI::App* app, Context* context);
void AddAudit(CLI::App* app, Context* context);
void AddBackup(CLI::App* app, Context* context);
void AddCalibrate(CLI::App* app, Context* context);
void AddCollections(CLI::App* app, Context* context);
void AddCompare(CLI::App* app, Context* context);
void AddDetect(CLI::App* app, Context* context);
void AddDoctor(CLI::App* app, Context* context);
void AddEnroll(CLI::App* app, Context* context);
void AddErase(CLI::App* app, Context* context);
void AddEval(CLI::App* app, Context* context);
void AddKeys(CLI::App* app, Context* context);
void AddModels(CLI::App* app, Context* context);
void AddReembed(CLI::App* app, Context* context);
void AddSearch(CLI::App* app, Context* context);
void AddServe(CLI::App* app, Context* context);

}  // namespace candid::apps
