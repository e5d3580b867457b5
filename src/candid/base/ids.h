// Identifiers in the 36-character lower-case UUID form of RFC 4122.
#pragma once

#include <string>
#include <string_view>

#include "candid/base/bytes.h"

namespace candid {

// Random (version 4), from the operating system's generator.
std::string RandomUuid();

// Derived from a name: the same bytes give the same id for ever. Version digit 5, as Rekognition's
// ImageIds carry; the hash is SHA-256 cut to 128 bits, in place of RFC 4122's SHA-1.
std::string NamedUuid(ByteSpan name);

// [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}
bool IsUuid(std::string_view text);

// `count` bytes from the operating system's generator.
Bytes RandomBytes(std::size_t count);

}  // namespace candid
