#include "candid/store/state_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace candid::store {

Result<std::unique_ptr<StateLock>> StateLock::Take(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "candid.lock";
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return Fail(Code::kIo, fmt::format("cannot open {} ({}): make the folder writable for this "
                                       "user",
                                       file.string(), std::strerror(errno)));
  }
  std::unique_ptr<StateLock> lock(new StateLock(descriptor));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> text{};
    const ssize_t got = ::pread(descriptor, text.data(), text.size() - 1, 0);
    const std::string holder = got > 0 ? std::string(text.data()) : "unknown";
    return Fail(Code::kConflict, fmt::format("{} is in use by process {}: stop it (./up --stop), "
                                             "then try again",
                                             folder.string(), holder));
  }
  const std::string number = std::to_string(::getpid());
  if (::ftruncate(descriptor, 0) != 0 ||
      ::pwrite(descriptor, number.data(), number.size(), 0) < 0) {
    return Fail(Code::kIo, fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
  }
  return lock;
}

StateLock::~StateLock() { ::close(descriptor_); }

}  // namespace candid::store
