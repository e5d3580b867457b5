// Result<T>: a value or an Error. The only place that names the library behind it.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "candid/base/error.h"

namespace candid {

template <typename T>
using Result = tl::expected<T, Error>;

using Status = Result<void>;

// Fail(Code::kNotFound, "...") converts to any Result<T>.
inline tl::unexpected<Error> Fail(Code code, std::string message) {
  return tl::unexpected<Error>(Error(code, std::move(message)));
}

inline tl::unexpected<Error> Fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace candid

#define CANDID_CONCAT_INNER(a, b) a##b
#define CANDID_CONCAT(a, b) CANDID_CONCAT_INNER(a, b)

// CANDID_ASSIGN(auto image, Decode(bytes)): declares `image`, or returns the error from here.
#define CANDID_ASSIGN(declaration, expression) \
  CANDID_ASSIGN_INNER(CANDID_CONCAT(candid_result_, __LINE__), declaration, expression)
// NOLINTBEGIN(bugprone-macro-parentheses): names and declarations bear none.
#define CANDID_ASSIGN_INNER(name, declaration, expression)               \
  auto name = (expression);                                              \
  if (!name.has_value()) return ::candid::Fail(std::move(name).error()); \
  declaration = *std::move(name)
// NOLINTEND(bugprone-macro-parentheses)

// CANDID_TRY(Write(x)): returns the error from here if there is one.
#define CANDID_TRY(expression)                                                               \
  do {                                                                                       \
    auto candid_status = (expression);                                                       \
    if (!candid_status.has_value()) return ::candid::Fail(std::move(candid_status).error()); \
  } while (false)
