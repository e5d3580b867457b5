// Whole files, with limits and durability said out loud. Errors name the path and the reason.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "candid/base/bytes.h"

namespace candid {

// kNotFound, kTooLarge (over `max_bytes`, nothing was read), kIo.
Result<Bytes> ReadFile(const std::filesystem::path& path, std::uint64_t max_bytes);

enum class FileMode { kPublic = 0644, kSecret = 0600 };

// Replaces `path` by the new contents or leaves it as it was: written beside it, synced, renamed,
// and the folder synced. On return the contents survive a power loss.
Status WriteFileDurably(const std::filesystem::path& path, ByteSpan contents,
                        FileMode mode = FileMode::kPublic);

}  // namespace candid
