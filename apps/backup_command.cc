// candid backup FILE

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>

#include "apps/command.h"
#include "apps/progress.h"
#include "apps/terminal.h"
#include "candid/store/store.h"

namespace candid::apps {
namespace {

Status Backup(const Context& context, const std::string& file) {
  CANDID_ASSIGN(const auto store,
                store::Store::Open(context.state, {.access = store::Access::kRead}));
  ProgressLine line;
  const auto status = store->Backup(file, [&](std::uint64_t done, std::uint64_t total) {
    line.Show(fmt::format("{}/{} pages", done, total));
  });
  line.Clear();
  CANDID_TRY(status);
  std::error_code ignored;
  const auto bytes = std::filesystem::file_size(file, ignored);
  if (context.json) {
    std::puts(
        boost::json::serialize(boost::json::object{{"file", file}, {"bytes", bytes}}).c_str());
  } else {
    std::printf("%s: %s, checked\n", file.c_str(), FormatBytes(static_cast<double>(bytes)).c_str());
  }
  return {};
}

}  // namespace

void AddBackup(CLI::App* app, Context* context) {
  CLI::App* command =
      app->add_subcommand("backup", "Copy the database to a new file while the server runs");
  command->footer(
      "\nThe copy is checked. It holds access keys in sealed form only: without the state folder's "
      "master\nkey they open nothing. To restore, stop the server and put the file back as "
      "candid.db.\nExample:\n  candid backup /mnt/backup/candid-$(date +%F).db\n");
  auto file = std::make_shared<std::string>();
  command->add_option("file", *file, "File to make; must not be there")->required();
  Run(command, context, [context, file] { return Backup(*context, *file); });
}

}  // namespace candid::apps
