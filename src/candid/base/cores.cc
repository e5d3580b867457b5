#include "candid/base/cores.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <thread>

#include "candid/base/files.h"

namespace candid {
namespace {

// The first `count` numbers of a file; fewer where it has none ("max") or is not there.
std::vector<double> Numbers(const std::filesystem::path& file, std::size_t count) {
  std::vector<double> numbers;
  const auto text = ReadFile(file, 256);
  if (!text) return numbers;
  std::istringstream words{std::string(AsText(*text))};
  for (double number = 0; numbers.size() < count && words >> number;) numbers.push_back(number);
  return numbers;
}

// Of so many microseconds in a period; 0: no limit.
double Share(const std::filesystem::path& cgroup) {
  auto share = Numbers(cgroup / "cpu.max", 2);
  if (share.empty()) {
    share = Numbers(cgroup / "cpu/cpu.cfs_quota_us", 1);
    const auto period = Numbers(cgroup / "cpu/cpu.cfs_period_us", 1);
    share.insert(share.end(), period.begin(), period.end());
  }
  return share.size() == 2 && share[0] > 0 && share[1] > 0 ? share[0] / share[1] : 0;
}

}  // namespace

std::size_t UsableCores(const std::filesystem::path& cgroup) {
  // glibc counts those of the scheduler's mask.
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  const double share = Share(cgroup);
  if (share == 0) return cores;
  return std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(share)), 1, cores);
}

}  // namespace candid
