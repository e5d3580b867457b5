#include "candid/api/handlers.h"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace candid::api {

collections::QualityFilter FilterOf(const Input& input) {
  using collections::QualityFilter;
  const std::string name = input.Text("QualityFilter");
  if (name == "AUTO") return QualityFilter::kAuto;
  if (name == "LOW") return QualityFilter::kLow;
  if (name == "MEDIUM") return QualityFilter::kMedium;
  if (name == "HIGH") return QualityFilter::kHigh;
  return QualityFilter::kNone;
}

std::string ArnOf(const OperationContext& context, const std::string& collection) {
  return "arn:aws:rekognition:" + context.region + ":" + context.account_id + ":collection/" +
         collection;
}

std::size_t PageSizeOf(const Input& input) {
  return static_cast<std::size_t>(input.Number("MaxResults"));
}

std::string ScopeOf(std::string_view operation, const Input& input,
                    const OperationContext& context) {
  const bool has_collection = operation != "ListCollections";
  return std::string(operation) + '\n' + context.caller.key_id + '\n' +
         (has_collection ? input.Text("CollectionId") : std::string());
}

Expected<collections::Cursor> PositionOf(const Input& input, const OperationContext& context,
                                         const std::string& scope) {
  const std::string token = input.Text("NextToken");
  if (token.empty()) return collections::Cursor{0};
  const auto position = context.tokens.Open(scope, token);
  if (!position) return Refuse(position.error());
  collections::Cursor cursor = 0;
  std::from_chars(position->data(), position->data() + position->size(), cursor);
  return cursor;
}

void WriteNextToken(JsonWriter& json, const OperationContext& context, const std::string& scope,
                    std::optional<collections::Cursor> next) {
  if (next) json.Member("NextToken", context.tokens.Seal(scope, std::to_string(*next)));
}

void Observe(const OperationContext& context, const face::Timings& timings, std::size_t faces) {
  for (std::size_t stage = 0; stage < timings.size(); ++stage) {
    if (timings[stage] <= 0) continue;  // not run
    context.metrics.ObserveStage(std::string(NameOf(static_cast<face::Stage>(stage))),
                                 timings[stage]);
  }
  context.metrics.CountFaces("found", faces);
}

void StageAfter::Observe(const OperationContext& context, const face::Timings& timings) const {
  const std::chrono::duration<double> whole = std::chrono::steady_clock::now() - start_;
  const double pipeline = std::accumulate(timings.begin(), timings.end(), 0.0);
  context.metrics.ObserveStage(name_, std::max(0.0, whole.count() - pipeline));
}

}  // namespace candid::api
