#include "candid/base/error.h"

#include <fmt/format.h>

namespace candid {

ErrorClass ClassOf(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kMalformed:
    case Code::kUnsupported:
    case Code::kTooLarge:
    case Code::kUnauthenticated:
    case Code::kDenied:
      return ErrorClass::kCaller;
    case Code::kNotFound:
    case Code::kAlreadyExists:
    case Code::kConflict:
    case Code::kExhausted:
    case Code::kCancelled:
    case Code::kDeadline:
      return ErrorClass::kState;
    case Code::kIo:
    case Code::kCorrupt:
    case Code::kUnavailable:
    case Code::kInternal:
      return ErrorClass::kOurs;
  }
  return ErrorClass::kOurs;
}

std::string_view NameOf(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
      return "invalid_argument";
    case Code::kMalformed:
      return "malformed";
    case Code::kUnsupported:
      return "unsupported";
    case Code::kTooLarge:
      return "too_large";
    case Code::kUnauthenticated:
      return "unauthenticated";
    case Code::kDenied:
      return "denied";
    case Code::kNotFound:
      return "not_found";
    case Code::kAlreadyExists:
      return "already_exists";
    case Code::kConflict:
      return "conflict";
    case Code::kExhausted:
      return "exhausted";
    case Code::kCancelled:
      return "cancelled";
    case Code::kDeadline:
      return "deadline";
    case Code::kIo:
      return "io";
    case Code::kCorrupt:
      return "corrupt";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kInternal:
      return "internal";
  }
  return "internal";
}

Error Error::WithContext(std::string_view doing) const {
  return Error(code_, fmt::format("{}: {}", doing, message_));
}

}  // namespace candid
