// Picture: the bytes of one image member, sent along or fetched from where it lies.
#pragma once

#include <cstdint>
#include <string_view>

#include "candid/api/operations.h"

namespace candid::api {

inline constexpr std::uint64_t kMaxObjectBytes = 15u << 20;  // of a picture that is not sent along

class Picture {
 public:
  explicit Picture(ByteSpan given) : given_(given) {}
  explicit Picture(Bytes fetched) : fetched_(std::move(fetched)), given_(fetched_) {}
  Picture(Picture&&) = default;  // a moved vector's bytes stay where they are
  Picture& operator=(Picture&&) = default;

  ByteSpan bytes() const { return given_; }  // lives as long as this and the Input

 private:
  Bytes fetched_;
  ByteSpan given_;
};

// The picture of that member. What is named and cannot be had is InvalidS3ObjectException, one over
// kMaxObjectBytes ImageTooLargeException, one too many at once ThrottlingException. Where the
// request names a collection, that is looked for first: ResourceNotFoundException.
Expected<Picture> PictureOf(const Input& input, std::string_view member,
                            const OperationContext& context);

}  // namespace candid::api
