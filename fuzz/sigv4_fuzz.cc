// The Authorization header, the date and the canonical request, from bytes of a stranger: the first
// line is the header, the second the target, the rest names and values of headers.
#include <cstdlib>
#include <sstream>

#include "candid/api/sigv4.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::istringstream lines(text);
  std::string authorization, name, value;
  candid::net::Request request;
  request.method = "POST";
  std::getline(lines, authorization);
  std::getline(lines, request.target);
  request.headers = {
      {"Host", "h"}, {"X-Amz-Date", "20261123T011227Z"}, {"Authorization", authorization}};
  while (std::getline(lines, name) && std::getline(lines, value)) {
    request.headers.push_back({name, value});
  }
  const auto parsed = candid::api::ParseAuthorization(authorization);
  if (parsed && candid::api::Sign(request, *parsed, "20261123T011227Z", "secret").size() != 64) {
    std::abort();
  }
  const auto open_key = [](std::string_view,
                           std::string_view) -> candid::Result<candid::collections::Grant> {
    return candid::collections::Grant{.secret = "secret", .key_id = "key", .policies = {}};
  };
  (void)candid::api::Authenticate(request, open_key, candid::SystemClock());
  (void)candid::api::ParseAmzDate(text);
  return 0;
}
