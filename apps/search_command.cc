// candid search COLLECTION PHOTO

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>

#include "apps/command.h"
#include "apps/open.h"
#include "apps/terminal.h"
#include "apps/words.h"
#include "candid/base/files.h"
#include "candid/image/decode.h"

namespace candid::apps {
namespace {

struct Arguments {
  std::string collection;
  std::string photo;
  std::size_t max_faces = 10;
  double similarity = collections::kDefaultSimilarity;
};

// A rate, or null where nothing is known.
boost::json::value NullOr(const std::optional<decision::StatedRate>& rate) {
  if (!rate) return nullptr;
  return rate->fmr;
}

boost::json::object ToJson(const decision::Terms& terms) {
  return {{"threshold", terms.similarity},
          {"false_match_rate", NullOr(terms.rate)},
          {"expected_false_matches",
           terms.rate ? boost::json::value(terms.expected_false_matches) : nullptr},
          {"warning", terms.warning}};
}

void PrintJson(const collections::SearchOutcome& outcome) {
  boost::json::array matches;
  for (const auto& match : outcome.matches) {
    matches.push_back({{"similarity", match.similarity},
                       {"false_match_rate", NullOr(match.rate)},
                       {"score", match.score},
                       {"face_id", match.face.face_id},
                       {"image_id", match.face.image_id},
                       {"external_image_id", match.face.external_image_id}});
  }
  const face::Box& box = outcome.searched->box;
  std::puts(
      boost::json::serialize(boost::json::object{{"searched",
                                                  {{"left", box.left},
                                                   {"top", box.top},
                                                   {"width", box.width},
                                                   {"height", box.height}}},
                                                 {"terms", ToJson(outcome.terms)},
                                                 {"age_not_supported", outcome.age_not_supported},
                                                 {"matches", matches}})
          .c_str());
}

// Reads beside a running server; nothing is written, the trail has no line of it.
Status Search(const Context& context, const Arguments& arguments) {
  CANDID_ASSIGN(const auto place, OpenWorkplace(context, store::Access::kRead, Need::kPhotos));
  CANDID_ASSIGN(const Bytes file, ReadFile(arguments.photo, image::Limits{}.max_bytes));
  const auto outcome = place.collections->SearchByImage(
      {}, {arguments.collection, file, arguments.max_faces, arguments.similarity});
  if (!outcome) return Fail(outcome.error());
  if (!outcome->searched) {
    return Fail(Code::kInvalidArgument, fmt::format("no face in {}", arguments.photo));
  }
  if (context.json) {
    PrintJson(*outcome);
    return {};
  }
  if (outcome->age_not_supported) {
    std::printf("not searched for: the pack cannot tell faces of this age apart\n");
    return {};
  }
  if (outcome->matches.empty()) {
    std::printf("nobody in %s reaches similarity %.4g\n", arguments.collection.c_str(),
                outcome->terms.similarity);
  }
  std::vector<Row> rows;
  for (const auto& match : outcome->matches) {
    rows.push_back({fmt::format("{:.2f}", match.similarity), InWords(match.rate),
                    fmt::format("{:.4f}", match.score), match.face.external_image_id,
                    match.face.face_id});
  }
  if (!rows.empty()) {
    std::fputs(
        FormatTable({"similarity", "strangers so alike", "score", "external id", "face"}, rows)
            .c_str(),
        stdout);
  }
  std::fputs(InWords(outcome->terms).c_str(), stdout);
  return {};
}

}  // namespace

void AddSearch(CLI::App* app, Context* context) {
  CLI::App* command =
      app->add_subcommand("search", "Who in a collection looks like the largest face of a photo");
  command->footer(
      "\nExamples:\n  candid search staff visitor.jpg\n"
      "  candid search staff visitor.jpg --similarity 95 --json\n");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("collection", arguments->collection, "Collection to search")->required();
  command->add_option("photo", arguments->photo, "JPEG or PNG file")->required();
  command->add_option("--max-faces", arguments->max_faces, "Matches at most")
      ->capture_default_str();
  command->add_option("--similarity", arguments->similarity, "Least similarity of a match, 0-100")
      ->capture_default_str();
  Run(command, context, [context, arguments] { return Search(*context, *arguments); });
}

}  // namespace candid::apps
