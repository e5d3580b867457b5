// RequestReader: the bytes of a stranger in, one HTTP/1.1 request out or the reason for refusing
// it. It knows no socket and no time, so that a fuzzer can be the stranger.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "candid/net/http.h"

namespace candid::net {

struct ReadLimits {
  std::size_t header_bytes = 32u << 10;
  std::size_t body_bytes = 16u << 20;
};

// Not thread-safe.
class RequestReader {
 public:
  enum class State {
    kHead,     // the head is not whole yet
    kBody,     // the head is, the body is not
    kWhole,    // Take()
    kRefused,  // refusal()
  };

  explicit RequestReader(const ReadLimits& limits);
  ~RequestReader();

  // Takes what it can and says how much that was; what is left belongs before whatever comes next.
  // Stops where the head ends, so that the caller can act on it before it offers the body. In
  // kWhole and kRefused nothing is taken. Memory: at most the limits and what the body announced
  // within them.
  std::size_t Feed(std::string_view bytes);

  State state() const;
  Refusal refusal() const;

  // The next three from kBody on.
  bool keep_alive() const;         // as far as the client is asked
  bool is_head() const;            // the answer goes without its body
  bool awaits_permission() const;  // Expect: 100-continue

  std::size_t body_size() const;  // so far

  // In kWhole, once. `peer` and `late` are left to the caller.
  Request Take();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace candid::net
