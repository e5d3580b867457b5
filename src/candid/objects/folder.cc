#include "candid/objects/folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace candid::objects {
namespace {

class File {
 public:
  explicit File(int file) : file_(file) {}
  ~File() {
    if (file_ >= 0) ::close(file_);
  }
  File(File&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  int get() const { return file_; }

 private:
  int file_;
};

std::string Why() { return std::generic_category().message(errno); }

// Without the name, which may be somebody's.
tl::unexpected<Error> Refusal() {
  switch (errno) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
      return Fail(Code::kNotFound, "the bucket's folder holds no such file");
    case ELOOP:
      return Fail(Code::kDenied, "the name leads over a link, which is not followed");
    case EACCES:
    case EPERM:
      return Fail(Code::kDenied, "the server's user may not read that file");
    default:
      return Fail(Code::kUnavailable, "cannot open the file: " + Why());
  }
}

// The last part is opened without waiting for a pipe's other end.
constexpr int kFolderFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr int kFileFlags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC;

Result<File> OpenBeneath(int folder, const std::string& key) {
  File at(-1);
  for (std::size_t from = 0;;) {
    const std::size_t slash = key.find('/', from);
    const bool last = slash == std::string::npos;
    const std::string part = key.substr(from, last ? std::string::npos : slash - from);
    const int parent = from == 0 ? folder : at.get();
    File next(::openat(parent, part.c_str(), last ? kFileFlags : kFolderFlags));
    if (next.get() < 0) return Refusal();
    if (last) return next;
    at = std::move(next);
    from = slash + 1;
  }
}

}  // namespace

Result<std::unique_ptr<Folder>> Folder::Open(const std::filesystem::path& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) return std::unique_ptr<Folder>(new Folder(folder));
  return Fail(errno == ENOENT || errno == ENOTDIR ? Code::kNotFound : Code::kIo,
              fmt::format("cannot open the folder {}: {}", path.string(), Why()));
}

Folder::~Folder() { ::close(folder_); }

Result<Bytes> Folder::Read(const ObjectName& name, std::uint64_t max_bytes) const {
  CANDID_TRY(CheckKey(name.key));
  if (!name.version.empty() && name.version != "null") {
    return Fail(Code::kNotFound, "a bucket that is a folder keeps no versions");
  }
  CANDID_ASSIGN(const File file, OpenBeneath(folder_, name.key));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return Refusal();
  if (!S_ISREG(status.st_mode)) return Fail(Code::kDenied, "the name is not a regular file's");
  const auto too_large = [&] {
    return Fail(Code::kTooLarge, fmt::format("the file is over the limit of {} bytes", max_bytes));
  };
  if (std::cmp_greater(status.st_size, max_bytes)) return too_large();
  // One byte more than it was: a file that grows meanwhile is noticed.
  Bytes bytes(static_cast<std::size_t>(status.st_size) + 1);
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t count = ::read(file.get(), bytes.data() + have, bytes.size() - have);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(Code::kUnavailable, "cannot read the file: " + Why());
    if (count == 0) break;
    have += static_cast<std::size_t>(count);
  }
  if (have == bytes.size()) return Fail(Code::kUnavailable, "the file grew while it was read");
  bytes.resize(have);
  return bytes;
}

}  // namespace candid::objects
