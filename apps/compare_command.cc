// candid compare SOURCE TARGET

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <numeric>

#include "apps/command.h"
#include "apps/open.h"
#include "apps/photo.h"
#include "apps/terminal.h"
#include "apps/words.h"
#include "candid/decision/ages.h"
#include "candid/decision/fair_score.h"

namespace candid::apps {
namespace {

constexpr const char* kTooYoung = "not compared: the pack cannot tell faces of this age apart";

struct Pair {
  std::string source;
  std::string target;
};

// The largest face of the source against every face of the target, as CompareFaces does by default.
Status Compare(const Context& context, const Pair& paths) {
  CANDID_ASSIGN(const auto pipeline, OpenPipeline(context));
  CANDID_ASSIGN(const models::Pack pack, PackInUse(context));
  const decision::Scale scale = ScaleOf(pack);
  CANDID_ASSIGN(const auto source, DetectIn(*pipeline, paths.source));
  CANDID_ASSIGN(const auto target, DetectIn(*pipeline, paths.target));
  for (const auto& photo : {std::cref(*source), std::cref(*target)}) {
    if (photo.get().photo.faces().empty()) {
      return Fail(Code::kInvalidArgument, fmt::format("no face in {}", photo.get().path));
    }
  }
  const std::size_t largest = 0;
  CANDID_ASSIGN(const auto probe, pipeline->Embed(source->photo, {&largest, 1}));
  std::vector<std::size_t> all(target->photo.faces().size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  CANDID_ASSIGN(const auto others, pipeline->Embed(target->photo, all));
  const bool source_declined = decision::DeclinesAge(probe[0].age, scale);

  boost::json::array matches;
  std::vector<Row> rows;
  bool extrapolated = false;
  for (std::size_t i = 0; i < others.size(); ++i) {
    const face::Box& box = target->photo.faces()[i].box;
    const bool declined = decision::DeclinesAge(others[i].age, scale);
    boost::json::object face = {
        {"box",
         {{"left", box.left}, {"top", box.top}, {"width", box.width}, {"height", box.height}}},
        {"age_not_supported", declined},
        {"similarity", nullptr},
        {"false_match_rate", nullptr},
        {"score", nullptr}};
    Row row = {
        fmt::format("{:.0f},{:.0f} {:.0f}x{:.0f}", box.left, box.top, box.width, box.height)};
    if (declined || source_declined) {
      row.insert(row.end(), {"-", kTooYoung, "-"});
    } else {
      const double score = decision::FairScore(decision::Cosine(probe[0].values, others[i].values),
                                               probe[0].figures, others[i].figures);
      const double similarity = scale.SimilarityOf(score);
      std::optional<decision::StatedRate> rate;
      if (scale.calibrated()) rate = scale.RateOf(score);
      face["similarity"] = similarity;
      if (rate) face["false_match_rate"] = rate->fmr;
      extrapolated |= rate && rate->basis == decision::Basis::kExtrapolated;
      face["score"] = score;
      row.insert(row.end(),
                 {fmt::format("{:.2f}", similarity), InWords(rate), fmt::format("{:.4f}", score)});
    }
    matches.push_back(std::move(face));
    rows.push_back(std::move(row));
  }
  if (context.json) {
    std::puts(boost::json::serialize(
                  boost::json::object{{"age_not_supported", source_declined}, {"faces", matches}})
                  .c_str());
  } else if (source_declined) {
    std::printf("the largest face in %s: %s\n", paths.source.c_str(), kTooYoung);
  } else {
    std::fputs(
        FormatTable({"face in " + paths.target, "similarity", "strangers so alike", "score"}, rows)
            .c_str(),
        stdout);
    if (extrapolated) std::fputs(kExtrapolatedNote, stdout);
  }
  return {};
}

}  // namespace

void AddCompare(CLI::App* app, Context* context) {
  CLI::App* command =
      app->add_subcommand("compare", "The largest face of one photo against every face of another");
  command->footer(
      "\nExamples:\n  candid compare passport.jpg party.jpg\n  candid compare --json a.jpg "
      "b.jpg\n");
  auto paths = std::make_shared<Pair>();
  command->add_option("source", paths->source, "Photo whose largest face is looked for")
      ->required();
  command->add_option("target", paths->target, "Photo to look in")->required();
  Run(command, context, [context, paths] { return Compare(*context, *paths); });
}

}  // namespace candid::apps
