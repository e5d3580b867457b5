// Any bytes as a pack's manifest: parsed or refused, and what is taken keeps its promises.
#include <cstdlib>

#include "candid/models/pack.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1 << 16) return 0;
  const auto pack = candid::models::ParseManifest({data, size}, "/packs/pack.toml");
  if (!pack) return 0;
  for (const auto& part : pack->parts) {
    const std::string file = part.file.lexically_normal().string();
    if (!file.starts_with("/packs/") || part.bytes == 0 || part.input.width < 1) std::abort();
  }
  if (pack->Hash().size() != 64 || pack->dimension() < 1) std::abort();
  return 0;
}
