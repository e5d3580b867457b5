#include "apps/doctor.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <sstream>
#include <thread>

#include "apps/terminal.h"
#include "candid/base/files.h"
#include "candid/collections/access_keys.h"
#include "candid/face/pipeline.h"
#include "candid/models/shelf.h"
#include "candid/store/store.h"

namespace candid::apps {
namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024;

// The folder itself or the nearest one above it that is there.
std::filesystem::path NearestExisting(std::filesystem::path path) {
  std::error_code ignored;
  path = std::filesystem::absolute(path, ignored);
  while (!std::filesystem::exists(path, ignored) && path.has_relative_path()) {
    path = path.parent_path();
  }
  return path;
}

// The numbers in a file of the container's limits; "max" and an absent file are none.
std::vector<double> ReadLimit(const std::filesystem::path& file) {
  const auto text = ReadFile(file, 256);
  std::vector<double> numbers;
  if (!text) return numbers;
  std::istringstream words{std::string(AsText(*text))};
  for (double number = 0; words >> number;) numbers.push_back(number);
  return numbers;
}

std::string CountOf(std::size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

Finding ExamineProcessor(const std::filesystem::path& cgroup) {
  Finding finding{.subject = "processor", .value = "", .remedy = ""};
  std::string features;
  const auto add = [&features](bool there, const char* name) {
    if (there) features += (features.empty() ? "" : ", ") + std::string(name);
  };
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  add(avx2, "AVX2");
  add(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"), "AVX-512");
  add(__builtin_cpu_supports("avx512vnni"), "VNNI");
  add(__builtin_cpu_supports("avx512bf16"), "BF16");
  finding.value =
      fmt::format("{}; {}", CountOf(std::thread::hardware_concurrency(), "core", "cores"),
                  features.empty() ? "no vector extension that we use" : features);
  finding.value += fmt::format("; networks run in {}", infer::NameOf(infer::BestPrecision()));
  // Of so many microseconds of a period, over all cores.
  const std::vector<double> share = ReadLimit(cgroup / "cpu.max");
  if (share.size() == 2 && share[0] / share[1] < std::thread::hardware_concurrency()) {
    finding.value += fmt::format("; the container may use {:.1f} of them", share[0] / share[1]);
  }
  if (!avx2) {
    finding.verdict = Verdict::kNote;
    finding.remedy = "works, many times slower: use a processor with AVX2 (2013 and later)";
  }
  return finding;
}

Finding ExamineMemory(const std::filesystem::path& cgroup) {
  double bytes =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  Finding finding{.subject = "memory", .value = FormatBytes(bytes), .remedy = ""};
  const std::vector<double> limit = ReadLimit(cgroup / "memory.max");
  if (!limit.empty() && limit[0] < bytes) {
    bytes = limit[0];
    finding.value += fmt::format(", of which the container may use {}", FormatBytes(bytes));
  }
  if (bytes < 0.9 * kGiB) {
    finding.verdict = Verdict::kNote;
    finding.remedy = "the largest photos can exhaust it: give Candid 1 GiB or more";
  }
  return finding;
}

Finding ExaminePhotoLimits() {
  const face::PipelineOptions options;
  return {.subject = "photos",
          .value = fmt::format(
              "JPEG and PNG to {} and {} million pixels; the {} largest faces, from "
              "{} pixels up",
              FormatBytes(static_cast<double>(options.limits.max_bytes)),
              options.limits.max_pixels / 1'000'000, options.max_faces, options.min_face_px),
          .remedy = ""};
}

Finding ExamineStateFolder(const std::filesystem::path& state) {
  Finding finding{.subject = "state folder", .value = state.string(), .remedy = ""};
  struct stat status{};
  if (::stat(state.c_str(), &status) != 0) {
    finding.value +=
        errno == ENOENT ? " (not there yet)" : fmt::format(": {}", std::strerror(errno));
    finding.verdict = errno == ENOENT ? Verdict::kNote : Verdict::kBroken;
    finding.remedy = "./up makes it; --state or CANDID_STATE names another";
    return finding;
  }
  if (!S_ISDIR(status.st_mode)) {
    finding.verdict = Verdict::kBroken;
    finding.remedy = "it is not a folder: move it away, or name another with --state";
  } else if (::access(state.c_str(), R_OK | W_OK | X_OK) != 0) {
    finding.verdict = Verdict::kBroken;
    finding.remedy =
        errno == EROFS
            ? "its file system is read-only: remount it, or name another folder with --state"
            : fmt::format("this user cannot write there: chown -R \"$USER\" {}", state.string());
  } else if ((status.st_mode & 077) != 0) {
    finding.verdict = Verdict::kNote;
    finding.remedy =
        fmt::format("others on this machine can look inside: chmod 700 {}", state.string());
  }
  return finding;
}

Finding ExamineFreeSpace(const std::filesystem::path& state) {
  Finding finding{.subject = "free space", .value = "", .remedy = ""};
  std::error_code error;
  const auto place = NearestExisting(state);
  const auto space = std::filesystem::space(place, error);
  if (error) {
    finding.value = fmt::format("{}: {}", place.string(), error.message());
    finding.verdict = Verdict::kBroken;
    finding.remedy = "name another state folder with --state";
    return finding;
  }
  const auto available = static_cast<double>(space.available);
  finding.value = fmt::format("{} in {}", FormatBytes(available), place.string());
  if (available < 0.2 * kGiB) {
    finding.verdict = Verdict::kBroken;
    finding.remedy = "writes will fail: free at least 200 MiB";
  } else if (available < kGiB) {
    finding.verdict = Verdict::kNote;
    finding.remedy = "little is left: a million faces take about 1 GiB";
  }
  return finding;
}

Finding ExamineFileLimit() {
  Finding finding{.subject = "open files", .value = "", .remedy = ""};
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  finding.value = fmt::format("{} a process", limit.rlim_cur);
  if (limit.rlim_cur < 1024) {
    finding.verdict = Verdict::kNote;
    finding.remedy = "few connections at once: ulimit -n 4096 before starting the server";
  }
  return finding;
}

Finding ExaminePort(std::uint16_t port) {
  Finding finding{.subject = "port", .value = fmt::format("127.0.0.1:{}", port), .remedy = ""};
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    finding.value += " is free";
  } else if (errno == EADDRINUSE) {
    finding.value += " is in use";
    finding.verdict = Verdict::kNote;
    finding.remedy = "fine if that is Candid itself; otherwise ./up --port N";
  } else {
    finding.value += fmt::format(": {}", std::strerror(errno));
    finding.verdict = Verdict::kBroken;
    finding.remedy = "take a port of 1024 or more: ./up --port N";
  }
  ::close(socket);
  return finding;
}

Finding ExamineModels(const std::filesystem::path& state) {
  Finding finding{.subject = "models", .value = (state / "models").string(), .remedy = ""};
  const auto examine = [&]() -> Status {
    CANDID_ASSIGN(const models::Pack pack, models::Shelf(state / "models").Active());
    finding.value =
        fmt::format("{} {} in {}", pack.name, pack.version, pack.manifest.parent_path().string());
    // Checks every file against its hash and runs every network once.
    const auto start = std::chrono::steady_clock::now();
    CANDID_TRY(face::Pipeline::Create(pack));
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    finding.value += fmt::format(": whole, ready in {:.1f} s", taken.count());
    if (!pack.commercial_use()) {
      finding.verdict = Verdict::kNote;
      finding.remedy =
          "its weights are not for commercial use: candid models list shows others that are";
    }
    return {};
  };
  const Status sound = examine();
  if (!sound) {
    finding.verdict = Verdict::kBroken;
    finding.remedy = sound.error().message();
  }
  return finding;
}

Finding ExamineKeys(const std::filesystem::path& state) {
  Finding finding{.subject = "access keys", .value = "none yet", .remedy = ""};
  const auto store = store::Store::Open(state, {.access = store::Access::kRead});
  // What is wrong with the database is said there.
  if (!store) return finding;
  const auto keys = collections::AccessKeys::Load(**store);
  const auto list = keys ? (*keys)->List() : Fail(keys.error());
  if (!list) {
    finding.value = "cannot be read";
    finding.verdict = Verdict::kBroken;
    finding.remedy = list.error().message();
    return finding;
  }
  const auto enabled = static_cast<std::size_t>(std::count_if(
      list->begin(), list->end(), [](const store::AccessKey& key) { return key.enabled; }));
  if (!list->empty()) finding.value = fmt::format("{} of {} enabled", enabled, list->size());
  if (enabled == 0) {
    finding.verdict = Verdict::kNote;
    finding.remedy = "the server will let nobody in: candid keys create, or candid keys enable ID";
  }
  return finding;
}

Finding ExamineDatabase(const std::filesystem::path& state) {
  Finding finding{.subject = "database", .value = (state / "candid.db").string(), .remedy = ""};
  const auto store = store::Store::Open(state, {.access = store::Access::kRead});
  if (!store && store.error().code() == Code::kNotFound) {
    finding.value += " is not there yet";
    return finding;  // the first command that writes makes it
  }
  const auto examine = [&]() -> Result<Finding> {
    if (!store) return Fail(store.error());
    CANDID_TRY((*store)->Check());
    CANDID_ASSIGN(const auto collections, (*store)->CountCollections());
    const auto pack = models::Shelf(state / "models").Active();
    std::uint64_t faces = 0, foreign = 0;
    store::Cursor after = 0;
    while (true) {
      CANDID_ASSIGN(const auto page, (*store)->ListCollections(after, 1000));
      for (const store::Collection& one : page.items) {
        faces += one.face_count;
        foreign += pack && one.model.hash != pack->Hash() ? 1 : 0;
      }
      if (!page.next) break;
      after = *page.next;
    }
    finding.value +=
        fmt::format(": {}, {}, sound", CountOf(collections, "collection", "collections"),
                    CountOf(faces, "face", "faces"));
    if (foreign > 0) {
      finding.verdict = Verdict::kNote;
      finding.remedy = fmt::format(
          "{} made with another model pack, not to be searched with this one: candid collections "
          "list, then candid reembed COLLECTION",
          CountOf(foreign, "collection was", "collections were"));
    }
    return finding;
  };
  auto examined = examine();
  if (examined) return *examined;
  finding.verdict = Verdict::kBroken;
  finding.remedy = examined.error().message();
  return finding;
}

}  // namespace candid::apps
