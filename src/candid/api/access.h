// Access: may this caller do this, and with which collection? In Amazon's words where not.
#pragma once

#include <string>
#include <string_view>

#include "candid/api/failure.h"
#include "candid/api/input.h"
#include "candid/collections/access_keys.h"
#include "candid/collections/requests.h"

namespace candid::api {

struct AccessRequest {
  std::string_view action;  // the operation
  std::string collection;   // that it names; empty: none
  std::string region;       // of ARNs
  std::string account_id;   // of ARNs
};

// AccessDeniedException where a policy of the grant says no. A key that is held to some collections
// may not list them all; pictures alone concern no collection.
Expected<void> CheckAccess(const collections::Grant& grant, const AccessRequest& request);

// The collection that a checked request names, by id or ARN; empty: none.
std::string CollectionOf(const Input& input);

// What the trail keeps of a picture.
void NotePicture(ByteSpan file, collections::Caller* caller);
// What the trail keeps of a request's thresholds and of the pictures sent along.
void DescribeCall(const Input& input, collections::Caller* caller);

}  // namespace candid::api
