// Paging tokens from a stranger: none may open, and what we seal must.
#include <cstdlib>

#include "candid/api/paging.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const candid::api::PagingTokens tokens(candid::Bytes(32, 1));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (tokens.Open("ListFaces c", text)) std::abort();
  const std::string_view position = text.substr(0, 150);
  const auto opened = tokens.Open("ListFaces c", tokens.Seal("ListFaces c", position));
  if (!opened || *opened != position) std::abort();
  return 0;
}
