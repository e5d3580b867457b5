#include "candid/net/http.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <ctime>
#include <iterator>

namespace candid::net {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string HttpDate(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[64];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return {text, size};
}

std::string RenderHead(const Response& response, bool keep_alive,
                       std::chrono::system_clock::time_point now) {
  namespace http = boost::beast::http;
  const auto status = http::int_to_status(static_cast<unsigned>(response.status));
  const boost::beast::string_view reason = http::obsolete_reason(status);
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status,
                                 std::string_view(reason.data(), reason.size()));
  const auto add = [&head](std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(head), "{}: {}\r\n", name, value);
  };
  if (!response.content_type.empty()) add("Content-Type", response.content_type);
  add("Date", HttpDate(now));
  for (const Header& header : response.headers) add(header.name, header.value);
  if (!keep_alive) add("Connection", "close");
  add("Content-Length", std::to_string(response.body.size()));
  return head + "\r\n";
}

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
