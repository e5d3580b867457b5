// The one error value of the house: a closed set of codes, each in one of three classes, and a
// message that is safe to log. No error carries image bytes, templates, secrets or people's names.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace candid {

// Whose doing an error is; decides who is told what and whether a retry can help.
enum class ErrorClass {
  kCaller,  // the request is wrong and will stay wrong
  kState,   // the request is right but the state of things says no
  kOurs,    // we failed; the caller may try again
};

enum class Code {
  // The caller's fault.
  kInvalidArgument,  // a value out of range, a missing member, a combination that means nothing
  kMalformed,        // bytes that are not what they claim to be
  kUnsupported,      // well-formed, and not something we do (a format, an operator, a version)
  kTooLarge,         // over a limit that the message names
  kUnauthenticated,  // who are you
  kDenied,           // you may not
  // The state of things says no.
  kNotFound,
  kAlreadyExists,
  kConflict,   // in use, wrong model, wrong phase
  kExhausted,  // a quota, a queue or a rate is full
  kCancelled,  // shutting down or abandoned by the caller
  kDeadline,   // ran out of the time it was given
  // Our failure.
  kIo,           // the operating system or the disk refused
  kCorrupt,      // data of ours is damaged; the message names file and place
  kUnavailable,  // a part we need is not there (yet)
  kInternal,     // a bug
};

ErrorClass ClassOf(Code code);

// The code's name as logs and JSON carry it: "invalid_argument".
std::string_view NameOf(Code code);

class [[nodiscard]] Error {
 public:
  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same error with what we were doing in front: "reading pack.toml: no such file".
  Error WithContext(std::string_view doing) const;

 private:
  Code code_;
  std::string message_;
};

}  // namespace candid
