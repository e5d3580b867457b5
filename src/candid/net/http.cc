#include "candid/net/http.h"

#include <algorithm>

namespace candid::net {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool SameHeaderName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

const std::string* Request::Find(std::string_view name) const {
  for (const Header& header : headers) {
    if (SameHeaderName(header.name, name)) return &header.value;
  }
  return nullptr;
}

}  // namespace candid::net
