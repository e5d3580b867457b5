// What the handlers of several operations share. Private to this folder.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "candid/api/json_writer.h"
#include "candid/api/operations.h"

namespace candid::api {

using Handler = Expected<std::string> (*)(const Input&, const OperationContext&);

inline constexpr double kMostFaces = 100;  // of one picture

collections::QualityFilter FilterOf(const Input& input);

std::string ArnOf(const OperationContext& context, const std::string& collection);

std::size_t PageSizeOf(const Input& input);

// What NextToken of an operation is good for: the same caller, the same collection.
std::string ScopeOf(std::string_view operation, const Input& input,
                    const OperationContext& context);
// The place a request's NextToken stands for; 0 for the beginning.
Expected<collections::Cursor> PositionOf(const Input& input, const OperationContext& context,
                                         const std::string& scope);
void WriteNextToken(JsonWriter& json, const OperationContext& context, const std::string& scope,
                    std::optional<collections::Cursor> next);

void Observe(const OperationContext& context, const face::Timings& timings, std::size_t faces);

collections::Tags TagsOf(const Input& input);

// Of user_operations.cc.
Expected<std::string> CreateUser(const Input& input, const OperationContext& context);
Expected<std::string> DeleteUser(const Input& input, const OperationContext& context);
Expected<std::string> ListUsers(const Input& input, const OperationContext& context);
Expected<std::string> AssociateFaces(const Input& input, const OperationContext& context);
Expected<std::string> DisassociateFaces(const Input& input, const OperationContext& context);
Expected<std::string> SearchUsers(const Input& input, const OperationContext& context);
Expected<std::string> SearchUsersByImage(const Input& input, const OperationContext& context);
// Of tag_operations.cc.
Expected<std::string> TagResource(const Input& input, const OperationContext& context);
Expected<std::string> UntagResource(const Input& input, const OperationContext& context);
Expected<std::string> ListTagsForResource(const Input& input, const OperationContext& context);

// Search and Record happen below the use case, which times only the pipeline: they are what its
// stages leave of the whole.
class StageAfter {
 public:
  explicit StageAfter(std::string name) : name_(std::move(name)) {}
  void Observe(const OperationContext& context, const face::Timings& timings) const;

 private:
  std::string name_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace candid::api
