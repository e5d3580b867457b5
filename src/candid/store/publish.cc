#include "candid/store/publish.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace candid::store {
namespace {

Error SystemError(std::string_view doing, const std::filesystem::path& path) {
  return Error(Code::kIo,
               fmt::format("cannot {} {}: {}", doing, path.string(), std::strerror(errno)));
}

Status Sync(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Fail(SystemError("open", path));
  const bool synced = ::fsync(descriptor) == 0;
  const Error error = SystemError("sync", path);
  ::close(descriptor);
  if (!synced) return Fail(error);
  return {};
}

}  // namespace

Error Exists(const std::filesystem::path& file) {
  return Error(Code::kAlreadyExists,
               fmt::format("{} is there already: name another file", file.string()));
}

Status Publish(const std::filesystem::path& part, const std::filesystem::path& file) {
  CANDID_TRY(Sync(part));
  // A link refuses an existing name on every file system that has links; the others have only
  // the rename that does.
  if (::link(part.c_str(), file.c_str()) == 0) {
    ::unlink(part.c_str());
  } else if (errno == EEXIST) {
    return Fail(Exists(file));
  } else if (::renameat2(AT_FDCWD, part.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST) return Fail(Exists(file));
    return Fail(SystemError("create", file));
  }
  return Sync(file.has_parent_path() ? file.parent_path() : ".");
}

}  // namespace candid::store
