// The operations: a checked request in, the answer's JSON out.
#pragma once

#include <string>
#include <string_view>

#include "candid/api/backend.h"
#include "candid/api/failure.h"
#include "candid/api/input.h"
#include "candid/api/paging.h"

namespace candid::api {

struct OperationContext {
  Backend& backend;
  const PagingTokens& tokens;
  std::string region;      // of ARNs
  std::string account_id;  // of ARNs
};

// Runs the operation of that name, which has a schema. Thread-safe as the backend is.
Expected<std::string> RunOperation(std::string_view operation, const Input& input,
                                   const OperationContext& context);

}  // namespace candid::api
