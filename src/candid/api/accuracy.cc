#include "candid/api/accuracy.h"

#include "candid/api/render.h"

namespace candid::api {
namespace {

constexpr double kDefaultSimilarity = collections::kDefaultSimilarity;
constexpr double kStrictSimilarity = 99;

void WriteRange(JsonWriter& json, std::string_view name, const decision::Range& range) {
  json.Key(name);
  json.BeginObject();
  json.Member("Low", range.low);
  json.Member("High", range.high);
  json.EndObject();
}

void WriteScale(JsonWriter& json, const decision::Scale& scale) {
  WriteList(json, "Similarities", scale.worst(),
            [&](JsonWriter& out, const decision::Scale::Point& point) {
              out.BeginObject();
              out.Member("FalseMatchRate", point.fmr);
              out.Member("Similarity", scale.SimilarityOf(point.score));
              out.Member("Score", point.score);
              WriteRange(out, "ScoreInterval", point.score_range);
              out.Member("Group", scale.table().groups[point.group].name);
              out.Member("Basis", NameOf(point.basis));
              out.EndObject();
            });
}

// What the group gets at one similarity, which is one score for all.
void WriteAt(JsonWriter& json, std::string_view name, const decision::GroupCalibration& group,
             double score) {
  const decision::StatedRate rate = decision::RateOf(group, score);
  json.Key(name);
  json.BeginObject();
  json.Member("FalseMatchRate", rate.fmr);
  WriteRange(json, "FalseMatchRateInterval", rate.range);
  json.Member("Basis", NameOf(rate.basis));
  json.EndObject();
}

void WriteGroup(JsonWriter& json, const decision::GroupCalibration& group,
                const decision::Scale& scale) {
  json.BeginObject();
  json.Member("Name", group.name);
  json.Member("People", group.people);
  json.Member("ImpostorPairs", group.impostor_pairs);
  json.Member("MatedPairs", group.mated_pairs);
  json.Member("MeasuredTo", group.measured_to);
  if (group.ages) {
    json.Member("AgesEstimated", group.ages->estimated);
    json.Member("AgesDeclined", group.ages->declined);
  }
  WriteAt(json, "AtSimilarity80", group, scale.ScoreOf(kDefaultSimilarity));
  WriteAt(json, "AtSimilarity99", group, scale.ScoreOf(kStrictSimilarity));
  std::size_t next = 0;
  WriteList(json, "Points", group.points, [&](JsonWriter& out, const decision::RatePoint& point) {
    out.BeginObject();
    out.Member("FalseMatchRate", point.fmr);
    out.Member("Score", point.score);
    WriteRange(out, "ScoreInterval", point.score_range);
    if (!group.misses.empty()) {
      const decision::MissRate& miss = group.misses[next++];
      out.Member("FalseNonMatchRate", miss.fnmr);
      WriteRange(out, "FalseNonMatchRateInterval", miss.range);
    }
    out.EndObject();
  });
  json.EndObject();
}

}  // namespace

std::string AccuracyCard(const collections::ModelIdentity& model, const decision::Scale& scale) {
  JsonWriter json;
  json.BeginObject();
  json.Member("Pack", model.pack);
  json.Member("FaceModelVersion", model.version);
  json.Member("ModelHash", model.hash);
  json.Key("Calibrated");
  json.Value(scale.calibrated());
  if (scale.calibrated()) {
    const decision::Calibration& table = scale.table();
    json.Member("Date", table.date);
    json.Member("Command", table.command);
    json.Member("Precision", table.precision);
    json.Member("Limit", table.limit);
    if (table.decline_below_age) json.Member("DeclinedBelowAge", *table.decline_below_age);
    WriteList(json, "Data", table.data, [](JsonWriter& out, const decision::CalibrationData& data) {
      out.BeginObject();
      out.Member("Name", data.name);
      out.Member("People", data.people);
      out.Member("Images", data.images);
      out.Member("FailuresToEnrol", data.failed);
      out.Member("PairsLeftOut", data.left_out);
      out.EndObject();
    });
    json.Key("Searches");
    json.BeginObject();
    json.Member("Factor", table.growth.factor);
    WriteRange(json, "FactorInterval", table.growth.range);
    json.Member("Measured", table.growth.searches);
    WriteList(json, "Galleries", table.growth.sizes,
              [](JsonWriter& out, std::uint64_t size) { out.Value(size); });
    json.EndObject();
    WriteScale(json, scale);
    WriteList(json, "Groups", table.groups,
              [&](JsonWriter& out, const decision::GroupCalibration& group) {
                WriteGroup(out, group, scale);
              });
  }
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace candid::api
