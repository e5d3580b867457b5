#include "candid/store/testing_disk.h"

#include <sqlite3.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <mutex>

namespace candid::store {
namespace {

constexpr const char* kWriteCall = "pwrite64";
constexpr int kRoom = std::numeric_limits<int>::max();

std::atomic<int> room = kRoom;
std::mutex mutex;  // of unsynced
std::set<std::string> unsynced;

std::string NameOf(int descriptor) {
  std::error_code gone;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), gone)
      .filename();
}

ssize_t Write(int descriptor, const void* bytes, size_t count, off_t offset) {
  if (room != kRoom) {
    const auto before = room--;
    if (before <= 0) {
      room = 0;
      errno = ENOSPC;
      return -1;
    }
  }
  {
    const std::lock_guard guard(mutex);
    unsynced.insert(NameOf(descriptor));
  }
  return ::pwrite(descriptor, bytes, count, offset);
}

sqlite3_syscall_ptr AsCall(ssize_t (*call)(int, const void*, size_t, off_t)) {
  return reinterpret_cast<sqlite3_syscall_ptr>(call);
}

}  // namespace

TestingDisk::TestingDisk() {
  sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  vfs->xSetSystemCall(vfs, kWriteCall, AsCall(Write));
}

TestingDisk::~TestingDisk() {
  sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  vfs->xSetSystemCall(vfs, kWriteCall, nullptr);  // the system's again
  MakeRoom();
  const std::lock_guard guard(mutex);
  unsynced.clear();
}

void TestingDisk::FillAfter(int writes) { room = writes; }
void TestingDisk::MakeRoom() { room = kRoom; }

std::set<std::string> TestingDisk::Unsynced() const {
  const std::lock_guard guard(mutex);
  return unsynced;
}

void Synced(int descriptor) {
  const std::lock_guard guard(mutex);
  unsynced.erase(NameOf(descriptor));
}

}  // namespace candid::store

// SQLite has no way to replace this call; the program's own comes before the C library's.
extern "C" int fdatasync(int descriptor) {
  const int result = static_cast<int>(::syscall(SYS_fdatasync, descriptor));
  if (result == 0) candid::store::Synced(descriptor);
  return result;
}
