// What the accuracy tests share: the default pack and the labelled faces, where they are.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "candid/face/pipeline.h"

namespace candid::accuracy {

// The shipped pack, converted from npm's files in the build folder, or why there is none.
Result<models::Pack> DefaultPack();

// ../shared/data/lfw-dev, where it should be.
std::filesystem::path LfwFolder();

// Its images at `first`, `first` + `step`, ... in order of name; empty where it is absent.
std::vector<std::filesystem::path> LfwImages(std::size_t step, std::size_t first = 0);

}  // namespace candid::accuracy
