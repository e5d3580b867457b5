// Session tokens from a stranger: none may open, what is read must be what would be written, and
// what we seal must open.
#include <cstdlib>

#include "candid/collections/session.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace collections = candid::collections;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (collections::SessionSecret(text, "secret")) std::abort();
  (void)collections::ReadSession(text);
  // The same bytes as the inside of a token, which base64 hides from the fuzzer.
  const auto inside = collections::ReadSession(candid::ToBase64({data, size}));
  if (!inside) return 0;
  const std::string sealed = collections::SealSession(*inside, "secret");
  const auto again = collections::ReadSession(sealed);
  if (!again || !(*again == *inside) || !collections::SessionSecret(sealed, "secret")) std::abort();
  return 0;
}
