// Doctor: what of this machine and state folder is well, and what to do about what is not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace candid::apps {

enum class Verdict {
  kGood,
  kNote,    // works, and could be better
  kBroken,  // Candid cannot do its work
};

struct Finding {
  std::string subject;  // "free space"
  std::string value;    // "12.3 GiB in /var/lib/candid"
  Verdict verdict = Verdict::kGood;
  std::string remedy;  // what to do; empty when good
};

// Each looks at one thing and changes nothing.
// `cgroup`: where the kernel states what a container may use.
Finding ExamineProcessor(const std::filesystem::path& cgroup = "/sys/fs/cgroup");
Finding ExamineMemory(const std::filesystem::path& cgroup = "/sys/fs/cgroup");
// What the server takes; never wrong.
Finding ExaminePhotoLimits();
Finding ExamineStateFolder(const std::filesystem::path& state);
Finding ExamineFreeSpace(const std::filesystem::path& state);
Finding ExamineFileLimit();
// `port` of 127.0.0.1.
Finding ExaminePort(std::uint16_t port);
// The pack in use: its files against their hashes, every network run once.
Finding ExamineModels(const std::filesystem::path& state);
// Good where there is no database yet: the first key makes it.
Finding ExamineKeys(const std::filesystem::path& state);
// Reads the whole database, beside a running server too.
Finding ExamineDatabase(const std::filesystem::path& state);

}  // namespace candid::apps
