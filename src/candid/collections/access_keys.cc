#include "candid/collections/access_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "candid/base/ids.h"

namespace candid::collections {
namespace {

constexpr std::string_view kKeyPrefix = "AKCANDID";
constexpr std::string_view kSessionPrefix = "ASCANDID";
constexpr std::size_t kIdTail = 12;
constexpr std::size_t kSecretBytes = 30;  // 40 characters of base64
constexpr std::string_view kIdAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::chrono::seconds kLookEvery{1};

std::string NewId(std::string_view prefix) {
  std::string id(prefix);
  // The alphabet has 32 letters: every one is as likely as the others.
  for (const std::uint8_t byte : RandomBytes(kIdTail)) id += kIdAlphabet[byte % kIdAlphabet.size()];
  return id;
}

tl::unexpected<Error> Unknown() {
  return Fail(Code::kUnauthenticated, "the access key is unknown, disabled, expired or revoked");
}

}  // namespace

Result<std::unique_ptr<AccessKeys>> AccessKeys::Load(store::Store& store, const Clock& clock) {
  std::unique_ptr<AccessKeys> keys(new AccessKeys(store, clock));
  CANDID_TRY(keys->Reload());
  return keys;
}

Status AccessKeys::Reload() {
  // Read first: a change made meanwhile is found by the next look.
  CANDID_ASSIGN(const std::uint64_t revision, store_.KeysRevision());
  CANDID_ASSIGN(const auto keys, store_.ListKeys());
  std::map<std::string, Entry, std::less<>> entries;
  for (const AccessKey& key : keys) {
    if (!key.enabled) continue;
    auto secret = store_.KeySecret(key.id);
    if (!secret && secret.error().code() == Code::kConflict) continue;  // revoked since
    if (!secret) return Fail(secret.error());
    entries.emplace(key.id, Entry{*std::move(secret), key.policy, key.expires, nullptr});
  }
  const std::unique_lock lock(mutex_);
  for (auto& [id, entry] : entries) {
    const Policy& policy = entry.policy;
    if (policy.rate == 0) continue;
    // A bucket lives on where its measures do, so that no other change fills it.
    const auto known = entries_.find(id);
    if (known != entries_.end() && known->second.rate != nullptr &&
        known->second.rate->Is(policy.rate, policy.burst)) {
      entry.rate = known->second.rate;
    } else {
      entry.rate = std::make_shared<RateLimit>(policy.rate, policy.burst);
    }
  }
  entries_ = std::move(entries);
  revision_ = revision;
  return {};
}

Status AccessKeys::Refresh() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  auto due = next_look_.load();
  const auto next =
      now + std::chrono::duration_cast<std::chrono::steady_clock::duration>(kLookEvery).count();
  if (now < due || !next_look_.compare_exchange_strong(due, next)) return {};
  CANDID_ASSIGN(const std::uint64_t revision, store_.KeysRevision());
  if (revision == revision_) return {};
  const std::lock_guard change(changes_);
  return Reload();
}

store::AuditEntry AccessKeys::Line(const std::string& id, std::string operation) const {
  return {clock_.Now(), id, std::move(operation), {}, "ok", 0, 0};
}

Result<NewAccessKey> AccessKeys::Create(const std::string& note, const Policy& policy,
                                        const std::optional<Time>& expires) {
  CANDID_TRY(CheckPolicy(policy));
  if (expires && *expires <= clock_.Now()) {
    return Fail(Code::kInvalidArgument, "the expiry has passed already: name one to come");
  }
  NewAccessKey made{NewId(kKeyPrefix), ToBase64(RandomBytes(kSecretBytes))};
  const std::lock_guard change(changes_);
  CANDID_TRY(store_.AddKey({made.id, clock_.Now(), true, note, policy, expires}, made.secret,
                           Line(made.id, "CreateKey")));
  CANDID_TRY(Reload());
  return made;
}

Result<std::vector<AccessKey>> AccessKeys::List() const { return store_.ListKeys(); }

Status AccessKeys::SetEnabled(const std::string& id, bool enabled) {
  const std::lock_guard change(changes_);
  CANDID_TRY(store_.SetKeyEnabled(id, enabled, Line(id, enabled ? "EnableKey" : "DisableKey")));
  return Reload();
}

Status AccessKeys::SetPolicy(const std::string& id, const Policy& policy,
                             const std::optional<Time>& expires) {
  CANDID_TRY(CheckPolicy(policy));
  const std::lock_guard change(changes_);
  CANDID_TRY(store_.SetKeyPolicy(id, policy, expires, Line(id, "SetKeyPolicy")));
  return Reload();
}

Status AccessKeys::Revoke(const std::string& id) {
  const std::lock_guard change(changes_);
  CANDID_TRY(store_.RevokeKey(id, Line(id, "RevokeKey")));
  return Reload();
}

Result<NewAccessKey> AccessKeys::Rotate(const std::string& id, std::chrono::seconds overlap) {
  CANDID_ASSIGN(const auto keys, store_.ListKeys());
  const auto old = std::ranges::find(keys, id, &AccessKey::id);
  if (old == keys.end()) {
    return Fail(Code::kNotFound, fmt::format("there is no access key {}", id));
  }
  if (old->revoked || !old->enabled) {
    return Fail(Code::kConflict, fmt::format("access key {} is {}: create another", id,
                                             old->revoked ? "revoked" : "disabled"));
  }
  if (overlap.count() < 0) {
    return Fail(Code::kInvalidArgument, "the overlap is less than nothing");
  }
  // The new one first: a failure between the two leaves a way in.
  CANDID_ASSIGN(auto made, Create(old->note, old->policy, std::nullopt));
  const Time end = clock_.Now() + overlap;
  CANDID_TRY(SetPolicy(id, old->policy, old->expires ? std::min(*old->expires, end) : end));
  return made;
}

Result<SessionCredentials> AccessKeys::NewSession(const std::string& id,
                                                  std::chrono::minutes length,
                                                  const Policy& policy) {
  CANDID_TRY(CheckPolicy(policy));
  if (policy.rate != 0) {
    return Fail(Code::kInvalidArgument, "a session has its key's rate, and none of its own");
  }
  if (length.count() < 1 || length > kMaxSession) {
    return Fail(Code::kInvalidArgument, fmt::format("a session of {} minutes: 1 to {} are possible",
                                                    length.count(), kMaxSession.count()));
  }
  CANDID_ASSIGN(const std::string secret, Secret(id));
  // Clients read whole seconds.
  const Time now = clock_.Now();
  const Time expires = std::chrono::floor<std::chrono::seconds>(now + length);
  const Session session{NewId(kSessionPrefix), id, expires, policy};
  const std::string token = SealSession(session, secret);
  if (token.size() > kMaxTokenBytes) {
    return Fail(
        Code::kInvalidArgument,
        fmt::format("the token would have {} bytes, over {}: give fewer or shorter patterns",
                    token.size(), kMaxTokenBytes));
  }
  CANDID_ASSIGN(auto own, SessionSecret(token, secret));
  store::AuditEntry line = Line(id, "CreateSession");
  line.session = session.id;
  store_.Audit(std::move(line));
  CANDID_TRY(store_.Flush());
  return SessionCredentials{session.id, std::move(own), token, expires};
}

std::optional<AccessKeys::Entry> AccessKeys::Usable(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return std::nullopt;
  const Entry& entry = found->second;
  if (entry.expires && *entry.expires <= clock_.Now()) return std::nullopt;
  return entry;
}

Result<std::string> AccessKeys::Secret(std::string_view id) const {
  auto entry = Usable(id);
  if (!entry) return Unknown();
  return std::move(entry->secret);
}

Result<Grant> AccessKeys::Open(std::string_view id, std::string_view token) {
  CANDID_TRY(Refresh());
  if (token.empty()) {
    auto entry = Usable(id);
    if (!entry) return Unknown();
    return Grant{std::move(entry->secret),
                 std::string(id),
                 {},
                 {std::move(entry->policy)},
                 std::move(entry->rate)};
  }
  auto session = ReadSession(token);
  if (!session || session->id != id) return Unknown();
  auto entry = Usable(session->key_id);
  if (!entry) return Unknown();
  auto secret = SessionSecret(token, entry->secret);
  if (!secret) return Unknown();
  if (session->expires <= clock_.Now()) {
    return Fail(Code::kDeadline, "the session is over");
  }
  return Grant{*std::move(secret),
               session->key_id,
               session->id,
               {std::move(entry->policy), std::move(session->policy)},
               std::move(entry->rate)};
}

}  // namespace candid::collections
