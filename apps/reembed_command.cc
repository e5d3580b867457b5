// candid reembed COLLECTION

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>

#include "apps/command.h"
#include "apps/interrupt.h"
#include "apps/open.h"
#include "apps/progress.h"

namespace candid::apps {
namespace {

Status Reembed(const Context& context, const collections::ReembedRequest& request) {
  Interrupt interrupt;
  CANDID_ASSIGN(const auto place, OpenWorkplace(context, store::Access::kWrite, Need::kPhotos));
  CANDID_ASSIGN(const auto before, place.collections->Describe(request.collection));
  Progress progress(before.face_count, std::chrono::steady_clock::now());
  ProgressLine line;
  const auto tick = [&](std::size_t done, std::size_t) -> Status {
    progress.Update(done, std::chrono::steady_clock::now());
    line.Show(progress.Line());
    if (!interrupt.Came()) return {};
    return Fail(Code::kCancelled,
                fmt::format("stopped; collection {} is as it was", request.collection));
  };
  const auto outcome = place.collections->Reembed({}, request, tick);
  line.Clear();
  if (!outcome) return Fail(outcome.error());
  if (context.json) {
    std::puts(boost::json::serialize(
                  boost::json::object{{"collection", request.collection},
                                      {"switched", outcome->switched},
                                      {"faces", outcome->faces},
                                      {"remade", outcome->remade},
                                      {"lost", boost::json::value_from(outcome->lost)}})
                  .c_str());
  } else {
    std::printf("%zu of %zu templates made anew\n", outcome->remade, outcome->faces);
  }
  if (outcome->switched) return {};
  return Fail(Code::kConflict,
              fmt::format("of {} faces no picture was kept that shows them: enroll them again, or "
                          "add --drop-lost to erase them; the collection is as it was",
                          outcome->lost.size()));
}

}  // namespace

void AddReembed(CLI::App* app, Context* context) {
  CLI::App* command = app->add_subcommand("reembed", "Move a collection to the model pack in use");
  command->footer(
      "\nTemplates are made anew from the crops or images that were kept (candid collections "
      "create\n--keep). The collection changes at the end and as a whole.\nExamples:\n"
      "  candid reembed staff\n  candid reembed staff --drop-lost\n");
  auto request = std::make_shared<collections::ReembedRequest>();
  command->add_option("collection", request->collection, "Collection to move")->required();
  command->add_flag("--drop-lost", request->drop_lost, "Erase faces of which no picture was kept");
  Run(command, context, [context, request] { return Reembed(*context, *request); });
}

}  // namespace candid::apps
