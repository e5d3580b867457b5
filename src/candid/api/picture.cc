#include "candid/api/picture.h"

#include <chrono>

#include "candid/api/access.h"

namespace candid::api {
namespace {

Failure ObjectFailure(const Error& error) {
  switch (error.code()) {
    case Code::kTooLarge:
      return FailureOf(error, Subject::kImage);
    case Code::kExhausted:
      return {.type = "ThrottlingException", .message = "Rate exceeded", .reason = error.message()};
    case Code::kInternal:
      return FailureOf(error, Subject::kOther);
    default:
      // Word for word the service's, whatever went wrong with the store.
      return {.type = "InvalidS3ObjectException",
              .message =
                  "Unable to get object metadata from S3. Check object key, region and/or access "
                  "permissions.",
              .reason = error.message()};
  }
}

}  // namespace

Expected<Picture> PictureOf(const Input& input, std::string_view member,
                            const OperationContext& context) {
  auto image = input.Image(member);
  if (!image) return Refuse(image.error());
  if (!image->object) return Picture(image->bytes);
  if (input.Takes("CollectionId")) {
    const auto collection = context.collections.Describe(input.Text("CollectionId"));
    if (!collection) return Refuse(FailureOf(collection.error(), Subject::kCollection));
  }
  const auto start = std::chrono::steady_clock::now();
  auto fetched = context.objects.Read(*image->object, kMaxObjectBytes);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  context.metrics.ObserveStage("fetch", took.count());
  if (!fetched) return Refuse(ObjectFailure(fetched.error()));
  NotePicture(*fetched, &context.caller);
  return Picture(*std::move(fetched));
}

}  // namespace candid::api
