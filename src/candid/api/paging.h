// Paging tokens: where the next page begins, sealed so that only we can have made it, for one
// operation on one collection.
#pragma once

#include <string>
#include <string_view>

#include "candid/api/failure.h"
#include "candid/base/bytes.h"

namespace candid::api {

class PagingTokens {
 public:
  // Tokens of one secret are not valid under another.
  explicit PagingTokens(Bytes secret) : secret_(std::move(secret)) {}

  // At most 255 characters; `position` has at most 150 bytes. `scope` names operation and
  // collection.
  std::string Seal(std::string_view scope, std::string_view position) const;

  // The position; InvalidPaginationTokenException for anything that Seal did not make for `scope`.
  Expected<std::string> Open(std::string_view scope, std::string_view token) const;

 private:
  Bytes secret_;
};

}  // namespace candid::api
