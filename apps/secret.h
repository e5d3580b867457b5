// Secrets of the state folder that are no access keys.
#pragma once

#include <filesystem>

#include "candid/base/bytes.h"

namespace candid::apps {

// `count` random bytes that stay the same from start to start: made and kept in `file` of the state
// folder, readable by its owner only, when they are not there. kCorrupt: the file holds something
// else.
Result<Bytes> ReadOrMakeSecret(const std::filesystem::path& file, std::size_t count);

}  // namespace candid::apps
