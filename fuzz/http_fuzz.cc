// The bytes of a connection, as the server reads them: one request after the other. The first byte
// says how many come at a time, and however many that is, the same requests must be read. A head
// that is refused may be so for another reason, or later: Beast looks for its end before it looks
// again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "candid/net/request_reader.h"

namespace candid::net {
namespace {

constexpr ReadLimits kLimits{.header_bytes = 4096, .body_bytes = 1024};

void Require(bool condition) {
  if (!condition) std::abort();
}

void Add(std::string* told, std::string_view text) { told->append(text).push_back('\n'); }

// What the reader has to say of one request, checked.
void Tell(RequestReader& reader, std::string* told) {
  Require(reader.body_size() <= kLimits.body_bytes);
  if (reader.state() == RequestReader::State::kRefused) {
    return Add(told, "refused");
  }
  Add(told, reader.keep_alive() ? "again" : "last");
  Add(told, reader.awaits_permission() ? "may I" : "");
  const Request request = reader.Take();
  Require(!request.method.empty() && !request.target.empty());
  Require(request.method.find_first_of(" \r\n") == std::string::npos);
  Require(request.target.find_first_of(" \r\n") == std::string::npos);
  std::size_t hosts = 0;
  for (const Header& header : request.headers) {
    Require(!header.name.empty() && header.value.find_first_of("\r\n") == std::string::npos);
    hosts += SameHeaderName(header.name, "host") ? 1 : 0;
    Add(told, header.name + ": " + header.value);
  }
  Require(hosts <= 1);
  Add(told, request.method + " " + request.target + " " + request.body);
}

std::string ReadAll(std::string_view bytes, std::size_t at_once) {
  std::string told, buffer;
  auto reader = std::make_unique<RequestReader>(kLimits);
  while (!bytes.empty()) {
    buffer += bytes.substr(0, at_once);
    bytes.remove_prefix(std::min(at_once, bytes.size()));
    for (;;) {
      const auto before = reader->state();
      const std::size_t used = reader->Feed(buffer);
      Require(used <= buffer.size());
      buffer.erase(0, used);
      const auto state = reader->state();
      if (state == RequestReader::State::kRefused) {
        Tell(*reader, &told);
        return told;
      }
      if (state == RequestReader::State::kWhole) {
        Tell(*reader, &told);
        reader = std::make_unique<RequestReader>(kLimits);
      } else if (used == 0 && state == before) {
        break;
      }
      if (buffer.empty()) break;
    }
    Require(buffer.size() <= kLimits.header_bytes + at_once);
  }
  return told;
}

}  // namespace
}  // namespace candid::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto whole = candid::net::ReadAll(bytes, bytes.size() + 1);
  const auto pieces = candid::net::ReadAll(bytes, 1u + data[0]);
  if (whole != pieces && whole != pieces + "refused\n") std::abort();
  return 0;
}
