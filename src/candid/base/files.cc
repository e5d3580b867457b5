#include "candid/base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "candid/base/ids.h"

namespace candid {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Error SystemError(std::string_view doing, const std::filesystem::path& path) {
  const int number = errno;
  return Error(number == ENOENT ? Code::kNotFound : Code::kIo,
               fmt::format("{} {}: {}", doing, path.string(), std::strerror(number)));
}

Status WriteAndSync(const std::filesystem::path& path, ByteSpan contents, FileMode mode) {
  Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, static_cast<mode_t>(mode)));
  if (file.get() < 0) return Fail(SystemError("cannot create", path));
  while (!contents.empty()) {
    const ssize_t written = ::write(file.get(), contents.data(), contents.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return Fail(SystemError("cannot write", path));
    }
    contents = contents.subspan(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) return Fail(SystemError("cannot sync", path));
  return {};
}

}  // namespace

Result<Bytes> ReadFile(const std::filesystem::path& path, std::uint64_t max_bytes) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return Fail(SystemError("cannot open", path));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return Fail(SystemError("cannot stat", path));
  if (S_ISDIR(status.st_mode)) {
    return Fail(Code::kIo, fmt::format("cannot read {}: it is a folder", path.string()));
  }
  const auto too_large = [&] {
    return Fail(Code::kTooLarge,
                fmt::format("{} is larger than the limit of {} bytes", path.string(), max_bytes));
  };
  if (static_cast<std::uint64_t>(status.st_size) > max_bytes) return too_large();
  Bytes contents(static_cast<std::size_t>(status.st_size));
  std::size_t filled = 0;
  // The size is only a hint: the file may grow or be a pipe.
  while (true) {
    if (filled == contents.size()) {
      if (filled > max_bytes) return too_large();
      contents.resize(filled + 4096);
    }
    const ssize_t got = ::read(file.get(), contents.data() + filled, contents.size() - filled);
    if (got < 0) {
      if (errno == EINTR) continue;
      return Fail(SystemError("cannot read", path));
    }
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  if (filled > max_bytes) return too_large();
  contents.resize(filled);
  return contents;
}

Status WriteFileDurably(const std::filesystem::path& path, ByteSpan contents, FileMode mode) {
  const std::filesystem::path beside = path.string() + "." + RandomUuid().substr(0, 8) + ".part";
  if (Status written = WriteAndSync(beside, contents, mode); !written) {
    ::unlink(beside.c_str());
    return written;
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    const Error error = SystemError("cannot rename to", path);
    ::unlink(beside.c_str());
    return Fail(error);
  }
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) {
    return Fail(SystemError("cannot sync folder", folder));
  }
  return {};
}

}  // namespace candid
