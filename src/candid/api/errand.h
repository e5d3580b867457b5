// What a request asks of the server, read from its head before anything is checked: which
// operation, how dear, until when its client waits.
#pragma once

#include <cstddef>
#include <string_view>

#include "candid/net/server.h"

namespace candid::api {

// The operation that X-Amz-Target names; empty where it names none of RekognitionService. A view
// into the request.
std::string_view OperationOf(const net::Request& request);

// Each operation served is a kind of its own, all else one more. Those that take pictures are not
// light. The deadline is the `ttl` of amz-sdk-request, which SDKs send with their retries.
net::Errand ErrandOf(const net::Request& request);
std::size_t ErrandKinds();

}  // namespace candid::api
