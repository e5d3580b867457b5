// Input: one request's JSON, parsed and checked against its operation's schema.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "candid/api/failure.h"
#include "candid/api/schema.h"
#include "candid/base/bytes.h"
#include "candid/objects/source.h"

namespace candid::api {

// A picture as a request gives it: exactly one of the two.
struct ImageInput {
  ByteSpan bytes;  // lives as long as the Input
  std::optional<objects::ObjectName> object = {};
};

// Every accessor gives the value sent, or else the schema's default; names outside the schema are
// a programmer's mistake. Members sent as null count as not sent; unknown members are ignored; of
// a member sent twice the last counts.
class Input {
 public:
  // SerializationException: not JSON, deeper than 32, a value of the wrong type, broken base64.
  // ValidationException: constraints, all that are broken in one message, in Amazon's words.
  static Expected<Input> Parse(std::string_view body, const OperationSchema& schema);

  Input(Input&&) noexcept;
  Input& operator=(Input&&) noexcept;
  ~Input();

  bool Has(std::string_view name) const;
  bool Takes(std::string_view name) const;  // whether the operation has such a member
  std::string Text(std::string_view name) const;
  double Number(std::string_view name) const;
  std::vector<std::string> Texts(std::string_view name) const;
  std::vector<std::pair<std::string, std::string>> Pairs(std::string_view name) const;
  // InvalidParameterException where neither or both of Bytes and S3Object are given, or half of an
  // S3Object.
  Expected<ImageInput> Image(std::string_view name) const;

 private:
  struct State;
  explicit Input(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace candid::api
