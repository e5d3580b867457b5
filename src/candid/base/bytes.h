// Bytes from outside and their usual spellings.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "candid/base/result.h"

namespace candid {

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = std::span<const std::uint8_t>;

inline ByteSpan AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Lower-case hexadecimal.
std::string ToHex(ByteSpan bytes);
Result<Bytes> FromHex(std::string_view text);

// Base64, standard alphabet with padding, no line breaks (RFC 4648 section 4). Decoding is strict:
// kMalformed for any other character, wrong padding or non-zero trailing bits.
std::string ToBase64(ByteSpan bytes);
Result<Bytes> FromBase64(std::string_view text);

// Equal or not, in time that depends on the lengths only.
bool EqualInConstantTime(ByteSpan a, ByteSpan b);

}  // namespace candid
