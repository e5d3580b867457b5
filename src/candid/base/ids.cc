#include "candid/base/ids.h"

#include <openssl/rand.h>

#include <algorithm>

#include "candid/base/check.h"
#include "candid/base/hash.h"

namespace candid {
namespace {

std::string FormatUuid(std::span<std::uint8_t> bytes, int version) {
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | version << 4);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  std::string text = ToHex(bytes.first(16));
  for (std::size_t dash : {8, 13, 18, 23}) text.insert(dash, 1, '-');
  return text;
}

}  // namespace

std::string RandomUuid() {
  Bytes bytes = RandomBytes(16);
  return FormatUuid(bytes, 4);
}

std::string NamedUuid(ByteSpan name) {
  Digest digest = Sha256(name);
  return FormatUuid(digest, 5);
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

Bytes RandomBytes(std::size_t count) {
  Bytes bytes(count);
  CANDID_CHECK(RAND_bytes(bytes.data(), static_cast<int>(count)) == 1);
  return bytes;
}

}  // namespace candid
