// One HTTP request and one answer, as plain values.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace candid::net {

struct Header {
  std::string name;   // spelled as received
  std::string value;  // without the white space around it
};

struct Request {
  std::string method;
  std::string target;           // as received, escapes and all
  std::vector<Header> headers;  // in the order received
  std::string body;
  std::string peer;   // the other side's address, without the port
  bool late = false;  // came when the server was already stopping

  // The value of the first header of that name (case does not count), or nullptr.
  const std::string* Find(std::string_view name) const;
};

// Content-Length, Date and Connection are the server's business; so is leaving the body away when
// the request was HEAD.
struct Response {
  int status = 200;
  std::string content_type;
  std::vector<Header> headers;
  std::string body;
};

// Why the server answers by itself. A client that is too slow is cut off without an answer.
enum class Refusal {
  kMalformed,       // not HTTP/1.1; no Host, or two; a body length said twice or not to be known
  kHeaderTooLarge,  // over the limit
  kBodyTooLarge,    // over the limit
  kOverloaded,      // it would wait too long, or has; no memory for its body; the server stopped
  kFailed,          // the handler threw
};

// The status line and the headers, up to and with the empty line.
std::string RenderHead(const Response& response, bool keep_alive,
                       std::chrono::system_clock::time_point now);

// The form of a Date header: RFC 9110 section 5.6.7, IMF-fixdate.
std::string HttpDate(std::chrono::system_clock::time_point time);

// Equal but for the case of ASCII letters.
bool SameHeaderName(std::string_view a, std::string_view b);

}  // namespace candid::net
