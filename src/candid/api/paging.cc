#include "candid/api/paging.h"

#include "candid/base/check.h"
#include "candid/base/hash.h"

namespace candid::api {
namespace {

constexpr std::size_t kMacSize = 16;
constexpr std::size_t kMaxPosition = 150;

Digest MacOf(ByteSpan secret, std::string_view scope, std::string_view position) {
  std::string text = std::to_string(scope.size()) + ":";
  text.append(scope);
  text.append(position);
  return HmacSha256(secret, AsBytes(text));
}

}  // namespace

std::string PagingTokens::Seal(std::string_view scope, std::string_view position) const {
  CANDID_CHECK(position.size() <= kMaxPosition);
  const Digest mac = MacOf(secret_, scope, position);
  Bytes raw(mac.begin(), mac.begin() + kMacSize);
  raw.insert(raw.end(), position.begin(), position.end());
  return ToBase64(raw);
}

Expected<std::string> PagingTokens::Open(std::string_view scope, std::string_view token) const {
  const auto raw = FromBase64(token);
  if (raw && raw->size() >= kMacSize) {
    const ByteSpan bytes(*raw);
    const std::string position(AsText(bytes.subspan(kMacSize)));
    const Digest mac = MacOf(secret_, scope, position);
    if (EqualInConstantTime(bytes.first(kMacSize), ByteSpan(mac).first(kMacSize))) return position;
  }
  return RefuseService("InvalidPaginationTokenException", "Invalid Pagination Token");
}

}  // namespace candid::api
