#include "candid/api/failure.h"

#include "candid/api/json_writer.h"

namespace candid::api {
namespace {

Failure ImageFailure(const Error& error) {
  switch (error.code()) {
    case Code::kMalformed:
    case Code::kUnsupported:
      return {.type = "InvalidImageFormatException",
              .message = "Request has invalid image format",
              .reason = error.message()};
    case Code::kTooLarge:
      return {.type = "ImageTooLargeException",
              .message = "Image size is too large.",
              .reason = error.message()};
    case Code::kInvalidArgument:
      // Word for word the service's, which clients compare with.
      return {.type = "InvalidParameterException",
              .message = "Request has invalid parameters",
              .reason = error.message()};
    case Code::kExhausted:
      return {"ServiceQuotaExceededException", error.message()};
    default:
      return FailureOf(error, Subject::kOther);
  }
}

// Of the operations that change users. A collection of another model pack is the conflict that
// their declared errors allow for.
Failure UserFailure(const Error& error) {
  switch (error.code()) {
    case Code::kAlreadyExists:
      return {"IdempotentParameterMismatchException", error.message()};
    case Code::kConflict:
      return {"ConflictException", error.message()};
    default:
      return FailureOf(error, Subject::kCollection);
  }
}

}  // namespace

Failure FailureOf(const Error& error, Subject subject) {
  if (subject == Subject::kImage) return ImageFailure(error);
  if (subject == Subject::kUser) return UserFailure(error);
  switch (error.code()) {
    case Code::kNotFound:
      return {"ResourceNotFoundException", error.message()};
    case Code::kAlreadyExists:
      return {"ResourceAlreadyExistsException", error.message()};
    case Code::kInvalidArgument:
    case Code::kMalformed:
    case Code::kUnsupported:
    case Code::kTooLarge:
    case Code::kConflict:
      return {"InvalidParameterException", error.message()};
    case Code::kUnauthenticated:
      return {"UnrecognizedClientException",
              "The security token included in the request is invalid.", 400, Shape::kFramework};
    case Code::kDenied:
      return {"AccessDeniedException", error.message()};
    case Code::kExhausted:
      if (subject == Subject::kCollection)
        return {"ServiceQuotaExceededException", error.message()};
      return {"ProvisionedThroughputExceededException", "Provisioned Rate exceeded"};
    case Code::kCancelled:
    case Code::kDeadline:
      return {"ThrottlingException", "The server is busy or stopping. Try again.", 400};
    case Code::kIo:
    case Code::kCorrupt:
    case Code::kUnavailable:
    case Code::kInternal:
      break;
  }
  return {.type = "InternalServerError",
          .message = "Internal server error",
          .status = 500,
          .reason = error.message()};
}

net::Response RenderFailure(const Failure& failure, const std::string& request_id) {
  JsonWriter json;
  json.BeginObject();
  json.Member("__type", failure.type);
  if (failure.shape == Shape::kService) {
    json.Member("Code", failure.type);
    json.Member("Logref", request_id);
    json.Member("Message", failure.message);
  } else {
    json.Key("message");
    if (failure.message.empty()) {
      json.Null();  // as the real service says nothing of an unknown operation
    } else {
      json.Value(failure.message);
    }
  }
  json.EndObject();
  net::Response response;
  response.status = failure.status;
  response.content_type = kContentType;
  response.headers = {{"x-amzn-RequestId", request_id},
                      {"x-amzn-ErrorType", failure.type.substr(failure.type.find('#') + 1)}};
  response.body = std::move(json).Take();
  return response;
}

net::Response RenderSuccess(std::string json, const std::string& request_id) {
  net::Response response;
  response.content_type = kContentType;
  response.headers = {{"x-amzn-RequestId", request_id}};
  response.body = std::move(json);
  return response;
}

}  // namespace candid::api
