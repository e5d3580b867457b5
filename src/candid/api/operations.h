// The operations: a checked request in, the answer's JSON out.
#pragma once

#include <string>
#include <string_view>

#include "candid/api/failure.h"
#include "candid/api/input.h"
#include "candid/api/paging.h"
#include "candid/collections/collections.h"
#include "candid/objects/source.h"
#include "candid/ops/metrics.h"

namespace candid::api {

struct OperationContext {
  collections::Collections& collections;
  const objects::Source& objects;
  const PagingTokens& tokens;
  ops::Metrics& metrics;
  collections::Caller& caller;  // the trail keeps what operations add
  std::string region;           // of ARNs
  std::string account_id;       // of ARNs
};

// Runs the operation of that name, which has a schema. Thread-safe.
Expected<std::string> RunOperation(std::string_view operation, const Input& input,
                                   const OperationContext& context);

}  // namespace candid::api
