// How many threads of work this process can run at once.
#pragma once

#include <cstddef>
#include <filesystem>

namespace candid {

// The processors that the process may be scheduled on, or fewer where its control group (a
// container's CPU limit, version 1 or 2) grants less time: rounded up, at least 1. `cgroup` is
// where the files of control groups are.
std::size_t UsableCores(const std::filesystem::path& cgroup = "/sys/fs/cgroup");

}  // namespace candid
