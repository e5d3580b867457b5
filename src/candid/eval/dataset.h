// Dataset: a folder of labelled pictures, one folder a subject.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "candid/base/result.h"

namespace candid::eval {

struct LabelledImage {
  std::filesystem::path path;
  std::uint32_t subject = 0;  // 0, 1, ... in order of the folders' names
};

struct Dataset {
  std::vector<LabelledImage> images;  // in order of path
  std::uint32_t subjects = 0;
};

inline constexpr std::size_t kMaxImages = 1 << 17;

// Lists `folder`/images/<subject>/<image>, or `folder`/<subject>/<image> where there is no images/.
// Takes files named .jpg, .jpeg or .png in any case; leaves out hidden ones and empty subjects.
// kNotFound: no such folder, or no picture in it; kIo: a folder that cannot be read; kTooLarge:
// over kMaxImages.
Result<Dataset> ListDataset(const std::filesystem::path& folder);

}  // namespace candid::eval
