// Session: temporary credentials of an access key. Nothing of them is stored: the token says which
// key, until when and what, authenticated with the key's own secret, and the session's secret is
// derived from both. So a session ends with its key. The form is in docs/formats/session_token.md.
#pragma once

#include <string>
#include <string_view>

#include "candid/base/result.h"
#include "candid/collections/policy.h"

namespace candid::collections {

struct Session {
  std::string id;      // "ASCANDID" and 12 letters or digits
  std::string key_id;  // whose session it is
  store::Time expires;
  Policy policy;  // holds beside the key's; has no rate of its own

  bool operator==(const Session&) const = default;
};

inline constexpr std::size_t kMaxTokenBytes = 8192;

std::string SealSession(const Session& session, std::string_view key_secret);
// What a token says of itself; kMalformed for what we do not write. Not yet to be believed.
Result<Session> ReadSession(std::string_view token);
// The session's secret, if the key with this secret sealed the token; kUnauthenticated.
Result<std::string> SessionSecret(std::string_view token, std::string_view key_secret);

}  // namespace candid::collections
