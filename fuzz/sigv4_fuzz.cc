// The Authorization header, the date and the canonical request, from bytes of a stranger.
#include <cstdlib>

#include "candid/api/sigv4.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\n');
  candid::net::Request request;
  request.method = "POST";
  request.target = cut == std::string::npos ? "/" : text.substr(cut + 1);
  request.headers = {
      {"Host", "h"}, {"X-Amz-Date", "20261123T011227Z"}, {"Authorization", text.substr(0, cut)}};
  const auto parsed = candid::api::ParseAuthorization(text.substr(0, cut));
  if (parsed && candid::api::Sign(request, *parsed, "20261123T011227Z", "secret").size() != 64) {
    std::abort();
  }
  const auto secret_of = [](std::string_view) -> candid::Result<std::string> { return "secret"; };
  (void)candid::api::Authenticate(request, secret_of, candid::SystemClock());
  (void)candid::api::ParseAmzDate(text);
  return 0;
}
