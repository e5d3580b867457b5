// Failure: an answer other than 200, in the wire's own words; and the one table that turns the
// errors of the house into it.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "candid/base/result.h"
#include "candid/net/http.h"

namespace candid::api {

// The real service has two shapes of error body.
enum class Shape {
  kService,    // {"__type","Code","Logref","Message"}: what an operation says
  kFramework,  // {"__type","message"}: what is said before an operation is reached
};

struct Failure {
  std::string type;  // the exception's name
  std::string message;
  int status = 400;
  Shape shape = Shape::kService;
  std::string reason = {};  // what the message keeps from the caller, for the log; often empty
};

template <typename T>
using Expected = tl::expected<T, Failure>;

inline tl::unexpected<Failure> Refuse(Failure failure) {
  return tl::unexpected<Failure>(std::move(failure));
}
// A framework failure with status 400.
inline tl::unexpected<Failure> RefuseEarly(std::string type, std::string message) {
  return Refuse({std::move(type), std::move(message), 400, Shape::kFramework});
}
// An operation's failure with status 400.
inline tl::unexpected<Failure> RefuseService(std::string type, std::string message) {
  return Refuse({std::move(type), std::move(message), 400, Shape::kService});
}

// What an error was about when it happened: the same code means another exception for a collection
// than for a picture.
enum class Subject { kCollection, kUser, kImage, kOther };

// The table: code x subject -> exception, status, message. Messages of our own failures, and those
// that the real service does not give, go to the log.
Failure FailureOf(const Error& error, Subject subject);

net::Response RenderFailure(const Failure& failure, const std::string& request_id);
net::Response RenderSuccess(std::string json, const std::string& request_id);

inline constexpr std::string_view kContentType = "application/x-amz-json-1.1";

}  // namespace candid::api
