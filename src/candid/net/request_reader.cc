#include "candid/net/request_reader.h"

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>
#include <utility>

namespace candid::net {
namespace beast = boost::beast;
namespace http = boost::beast::http;

struct RequestReader::Parser {
  explicit Parser(const ReadLimits& l) : limits(l) {
    http.header_limit(static_cast<std::uint32_t>(limits.header_bytes) + 1);
    http.body_limit(boost::none);  // of the announced length; held by CheckHead, in our words
  }

  // As much of the bytes as may be looked at without more than `header_bytes` of a head, or of what
  // stands between two chunks: Beast counts neither across calls.
  std::size_t Allowance(std::size_t size) const {
    return std::min(size, limits.header_bytes - (state == State::kHead ? head_bytes : 0));
  }
  // The head has come whole.
  void CheckHead();
  bool IsUnambiguous() const;
  void Refuse(Refusal why) {
    refusal = why;
    state = State::kRefused;
  }

  ReadLimits limits;
  http::request_parser<http::string_body> http;
  State state = State::kHead;
  Refusal refusal = Refusal::kMalformed;
  std::size_t head_bytes = 0;
  Request request;  // without its body
};

namespace {

Refusal RefusalOf(const beast::error_code& error) {
  if (error == http::error::header_limit) return Refusal::kHeaderTooLarge;
  if (error == http::error::body_limit) return Refusal::kBodyTooLarge;
  return Refusal::kMalformed;
}

}  // namespace

// Whether nobody can take the head for another than we do, or its body to end elsewhere.
bool RequestReader::Parser::IsUnambiguous() const {
  const auto& head = http.get();
  const std::size_t hosts = head.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && head.version() >= 11)) return false;
  const std::size_t lengths = head.count(http::field::content_length);
  const std::size_t codings = head.count(http::field::transfer_encoding);
  if (codings == 0) return lengths <= 1;
  return lengths == 0 && codings == 1 &&
         beast::iequals(head[http::field::transfer_encoding], "chunked");
}

void RequestReader::Parser::CheckHead() {
  if (!IsUnambiguous()) return Refuse(Refusal::kMalformed);
  if (!http.chunked() && http.content_length().value_or(0) > limits.body_bytes) {
    return Refuse(Refusal::kBodyTooLarge);
  }
  const auto& head = http.get();
  request.method = std::string(head.method_string());
  request.target = std::string(head.target());
  // Now, as fields that follow the last chunk are no part of the head, and Beast puts them there.
  for (const auto& field : head) {
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  http.body_limit(limits.body_bytes);  // of what comes in chunks
  http.eager(true);
  state = http.is_done() ? State::kWhole : State::kBody;
}

RequestReader::RequestReader(const ReadLimits& limits)
    : parser_(std::make_unique<Parser>(limits)) {}
RequestReader::~RequestReader() = default;

std::size_t RequestReader::Feed(std::string_view bytes) {
  Parser& parser = *parser_;
  std::size_t taken = 0;
  while (taken < bytes.size() && (state() == State::kHead || state() == State::kBody)) {
    const std::size_t offered = parser.Allowance(bytes.size() - taken);
    beast::error_code error;
    const std::size_t used = parser.http.put({bytes.data() + taken, offered}, error);
    taken += used;
    if (state() == State::kHead) parser.head_bytes += used;
    if (error && error != http::error::need_more) {
      parser.Refuse(RefusalOf(error));
    } else if (state() == State::kHead && parser.http.is_header_done()) {
      parser.CheckHead();
      break;
    } else if (parser.http.is_done()) {
      parser.state = State::kWhole;
    } else if (state() == State::kHead || used == 0) {
      // Needs more than there is.
      if (parser.Allowance(parser.limits.header_bytes) <= offered - used) {
        parser.Refuse(Refusal::kHeaderTooLarge);
      }
      break;
    }
  }
  return taken;
}

RequestReader::State RequestReader::state() const { return parser_->state; }
Refusal RequestReader::refusal() const { return parser_->refusal; }
bool RequestReader::keep_alive() const { return parser_->http.keep_alive(); }
bool RequestReader::is_head() const { return parser_->http.get().method() == http::verb::head; }
bool RequestReader::awaits_permission() const {
  return beast::iequals(parser_->http.get()[http::field::expect], "100-continue");
}
std::size_t RequestReader::body_size() const { return parser_->http.get().body().size(); }

Request RequestReader::Take() {
  parser_->request.body = std::move(parser_->http.get().body());
  return std::move(parser_->request);
}

}  // namespace candid::net
