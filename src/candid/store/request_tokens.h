// Request tokens: answers kept so that a repeated call has no second effect. Private to this
// folder.
#pragma once

#include <optional>

#include "candid/store/records.h"
#include "candid/store/sqlite.h"

namespace candid::store {

// The answer kept for a call made before with this token; none: there was none, or its time is
// over. kAlreadyExists: the token was used for another request.
Result<std::optional<Bytes>> FindAnswer(Connection& connection, const RequestToken& token);

// Keeps an answer of at least one byte, in the transaction of what it answers; forgets some whose
// time is over.
Status KeepAnswer(Connection& connection, std::uint64_t collection, const RequestToken& token,
                  const Bytes& answer);

}  // namespace candid::store
