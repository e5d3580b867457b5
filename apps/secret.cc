#include "apps/secret.h"

#include <fmt/format.h>

#include "candid/base/files.h"
#include "candid/base/ids.h"

namespace candid::apps {

Result<Bytes> ReadOrMakeSecret(const std::filesystem::path& file, std::size_t count) {
  auto kept = ReadFile(file, count);
  if (kept && kept->size() == count) return *std::move(kept);
  if (kept || kept.error().code() != Code::kNotFound) {
    return Fail(Code::kCorrupt,
                fmt::format("{} does not hold {} bytes; remove it", file.string(), count));
  }
  Bytes made = RandomBytes(count);
  CANDID_TRY(WriteFileDurably(file, made, FileMode::kSecret));
  return made;
}

}  // namespace candid::apps
