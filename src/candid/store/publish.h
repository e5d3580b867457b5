// Publish: a finished file gets its name. Private to this folder.
#pragma once

#include <filesystem>

#include "candid/base/result.h"

namespace candid::store {

// Syncs `part`, names it `file` and syncs the folder: on return the file survives a power loss.
// kAlreadyExists: there is a file of that name, and it stays as it is.
Status Publish(const std::filesystem::path& part, const std::filesystem::path& file);

// The error of a file that is there already.
Error Exists(const std::filesystem::path& file);

}  // namespace candid::store
