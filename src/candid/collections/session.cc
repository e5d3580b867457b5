#include "candid/collections/session.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "candid/base/hash.h"
#include "candid/base/words.h"

namespace candid::collections {
namespace {

constexpr std::string_view kForm = "candid session 1";
constexpr std::string_view kTagPurpose = "candid session tag 1";
constexpr std::string_view kSecretPurpose = "candid session secret 1";
constexpr std::size_t kTagBytes = 32;
constexpr std::size_t kSecretLength = 40;  // as long as a key's
constexpr std::size_t kParts = 7;

Digest Derive(std::string_view key_secret, std::string_view purpose, ByteSpan payload) {
  return HmacSha256(HmacSha256(AsBytes(key_secret), AsBytes(purpose)), payload);
}

template <typename T>
bool ReadNumber(std::string_view text, T* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

// Parts written as "<length>:<text>,".
bool ReadParts(std::string_view text, std::vector<std::string_view>* parts) {
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    std::size_t length = 0;
    if (colon == text.npos || !ReadNumber(text.substr(0, colon), &length)) return false;
    text.remove_prefix(colon + 1);
    if (length >= text.size() || text[length] != ',') return false;
    parts->push_back(text.substr(0, length));
    text.remove_prefix(length + 1);
  }
  return true;
}

std::string PayloadOf(const Session& session) {
  std::string payload;
  const auto add = [&](std::string_view part) {
    payload += fmt::format("{}:{},", part.size(), part);
  };
  using std::chrono::microseconds;
  add(kForm);
  add(session.id);
  add(session.key_id);
  add(std::to_string(
      std::chrono::duration_cast<microseconds>(session.expires.time_since_epoch()).count()));
  add(JoinWords(session.policy.actions));
  add(JoinWords(session.policy.collections));
  add(session.policy.read_only ? "1" : "0");
  return payload;
}

tl::unexpected<Error> NoToken() {
  return Fail(Code::kMalformed, "the session token is not one of ours");
}

// The token's bytes: payload, then tag.
Result<Bytes> RawOf(std::string_view token) {
  if (token.size() > kMaxTokenBytes) return NoToken();
  auto raw = FromBase64(token);
  if (!raw || raw->size() < kTagBytes) return NoToken();
  return raw;
}

}  // namespace

std::string SealSession(const Session& session, std::string_view key_secret) {
  const std::string payload = PayloadOf(session);
  const Digest tag = Derive(key_secret, kTagPurpose, AsBytes(payload));
  Bytes raw(payload.begin(), payload.end());
  raw.insert(raw.end(), tag.begin(), tag.end());
  return ToBase64(raw);
}

Result<Session> ReadSession(std::string_view token) {
  CANDID_ASSIGN(const Bytes raw, RawOf(token));
  std::vector<std::string_view> parts;
  const std::string_view payload = AsText(ByteSpan(raw).first(raw.size() - kTagBytes));
  std::int64_t expires_us = 0;
  if (!ReadParts(payload, &parts) || parts.size() != kParts || parts[0] != kForm ||
      !ReadNumber(parts[3], &expires_us) || (parts[6] != "0" && parts[6] != "1")) {
    return NoToken();
  }
  Session session{std::string(parts[1]),
                  std::string(parts[2]),
                  store::Time(std::chrono::microseconds(expires_us)),
                  {SplitWords(parts[4]), SplitWords(parts[5]), parts[6] == "1", 0, 0}};
  // Only what is written is read: a token has one form.
  if (PayloadOf(session) != payload) return NoToken();
  return session;
}

Result<std::string> SessionSecret(std::string_view token, std::string_view key_secret) {
  CANDID_ASSIGN(const Bytes raw, RawOf(token));
  const ByteSpan payload = ByteSpan(raw).first(raw.size() - kTagBytes);
  const Digest tag = Derive(key_secret, kTagPurpose, payload);
  if (!EqualInConstantTime(tag, ByteSpan(raw).last(kTagBytes))) {
    return Fail(Code::kUnauthenticated, "the session token was not sealed with its key");
  }
  return ToBase64(Derive(key_secret, kSecretPurpose, payload)).substr(0, kSecretLength);
}

}  // namespace candid::collections
