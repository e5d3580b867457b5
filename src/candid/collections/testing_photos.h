// Models and photos for tests, where the machine has them.
#pragma once

#include <optional>
#include <vector>

#include "candid/base/bytes.h"
#include "candid/models/pack.h"

namespace candid::collections {

// The pack installed in the build folder; nothing where there is none.
std::optional<models::Pack> InstalledPack();

// Three photos each of two people, from ../shared; empty where there are none.
std::vector<std::vector<Bytes>> ReadPhotos();

// Both pictures side by side, as PNG.
Bytes Beside(ByteSpan left, ByteSpan right);

}  // namespace candid::collections
