// A server for wire tests: the product's Service over MemoryBackend. Prints its port, serves until
// standard input closes.
#include <cstdio>
#include <iostream>
#include <limits>

#include "candid/api/service.h"
#include "candid/base/ids.h"
#include "memory_backend.h"

int main() {
  using namespace candid;
  auto config = ops::LoadConfig({}, ops::ProcessEnvironment());
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().message().c_str());
    return 1;
  }
  auto log = ops::Log::Create("json", "info").value();
  ops::Metrics metrics;
  wire::MemoryBackend backend;
  const auto secret_of = [](std::string_view id) -> Result<std::string> {
    if (id == "AKIDEXAMPLE") return std::string("example-secret");
    return Fail(Code::kNotFound, "no such key");
  };
  auto service = api::Service::Start(
      *config, {backend, secret_of, RandomBytes(32), [] { return Status(); }, *log, metrics});
  if (!service) {
    std::fprintf(stderr, "%s\n", service.error().message().c_str());
    return 1;
  }
  std::printf("%d\n", (*service)->port());
  std::fflush(stdout);
  std::cin.ignore(std::numeric_limits<std::streamsize>::max());
  return 0;
}
