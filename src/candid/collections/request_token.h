// The store's request token of a call. Private to this folder.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "candid/base/clock.h"
#include "candid/collections/user_requests.h"

namespace candid::collections {

// None where the caller gave none. `more` is everything that was asked for beside collection and
// user.
std::optional<store::RequestToken> TokenOf(const Caller& caller, std::string_view operation,
                                           const UserRequest& request, const Clock& clock,
                                           std::span<const std::string> more = {});

}  // namespace candid::collections
