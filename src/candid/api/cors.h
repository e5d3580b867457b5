// Cors: which browser pages of other origins may call (the Fetch standard's protocol). Off where no
// origin is named.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "candid/net/http.h"

namespace candid::api {

class Cors {
 public:
  // Origins separated by spaces, as "https://door.example", or "*" for all.
  explicit Cors(std::string_view origins);

  // The answer to a browser's question whether it may send; nothing where it is no such question,
  // or the origin is not one of ours.
  std::optional<net::Response> Preflight(const net::Request& request) const;
  // Lets the page see the answer, where its origin is one of ours.
  void Allow(const net::Request& request, net::Response* response) const;

 private:
  const std::string* OriginOf(const net::Request& request) const;

  std::vector<std::string> origins_;
};

}  // namespace candid::api
