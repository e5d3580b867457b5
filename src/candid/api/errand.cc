#include "candid/api/errand.h"

#include <algorithm>

#include "candid/api/schema.h"
#include "candid/api/sigv4.h"

namespace candid::api {
namespace {

constexpr std::string_view kTargetPrefix = "RekognitionService.";

bool TakesPictures(const OperationSchema& operation) {
  return std::ranges::any_of(operation.members, [](const Member& member) {
    return member.constraint->type == Type::kObject;
  });
}

// Of "ttl=20261123T011227Z; attempt=2; max=5"; what is not of that form is no deadline.
std::chrono::system_clock::time_point DeadlineOf(std::string_view text) {
  constexpr std::string_view kTtl = "ttl=";
  const std::size_t at = text.find(kTtl);
  if (at != std::string_view::npos) {
    text.remove_prefix(at + kTtl.size());
    if (const auto time = ParseAmzDate(text.substr(0, text.find(';')))) return *time;
  }
  return std::chrono::system_clock::time_point::max();
}

}  // namespace

std::string_view OperationOf(const net::Request& request) {
  const std::string* target = request.Find("x-amz-target");
  if (target == nullptr || !target->starts_with(kTargetPrefix)) return {};
  return std::string_view(*target).substr(kTargetPrefix.size());
}

net::Errand ErrandOf(const net::Request& request) {
  net::Errand errand{.kind = Operations().size()};
  if (const OperationSchema* schema = SchemaOf(OperationOf(request))) {
    errand.light = !TakesPictures(*schema);
    errand.kind = static_cast<std::size_t>(schema - Operations().data());
  }
  if (const std::string* attempt = request.Find("amz-sdk-request")) {
    errand.deadline = DeadlineOf(*attempt);
  }
  return errand;
}

std::size_t ErrandKinds() { return Operations().size() + 1; }

}  // namespace candid::api
