#include "candid/collections/request_token.h"

#include <fmt/format.h>

namespace candid::collections {
namespace {

// Each part with its length before it, so that no two lists of parts read the same.
class PartsDigest {
 public:
  PartsDigest& Add(std::string_view part) {
    text_ += fmt::format("{}:", part.size());
    text_ += part;
    return *this;
  }
  Digest Finish() const { return Sha256(AsBytes(text_)); }

 private:
  std::string text_;
};

}  // namespace

std::optional<store::RequestToken> TokenOf(const Caller& caller, std::string_view operation,
                                           const UserRequest& request, const Clock& clock,
                                           std::span<const std::string> more) {
  if (request.token.empty()) return std::nullopt;
  PartsDigest name, asked;
  name.Add(caller.key_id).Add(operation).Add(request.token);
  asked.Add(request.token).Add(request.collection).Add(request.user_id);
  for (const std::string& part : more) asked.Add(part);
  const auto now = clock.Now();
  return store::RequestToken{name.Finish(), asked.Finish(), now, now + kTokenLifetime};
}

}  // namespace candid::collections
