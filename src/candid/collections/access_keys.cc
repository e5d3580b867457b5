#include "candid/collections/access_keys.h"

#include <mutex>

#include "candid/base/ids.h"

namespace candid::collections {
namespace {

constexpr std::string_view kIdPrefix = "AKCANDID";
constexpr std::size_t kIdTail = 12;
constexpr std::size_t kSecretBytes = 30;  // 40 characters of base64
constexpr std::string_view kIdAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

std::string NewId() {
  std::string id(kIdPrefix);
  // The alphabet has 32 letters: every one is as likely as the others.
  for (const std::uint8_t byte : RandomBytes(kIdTail)) id += kIdAlphabet[byte % kIdAlphabet.size()];
  return id;
}

}  // namespace

Result<std::unique_ptr<AccessKeys>> AccessKeys::Load(store::Store& store, const Clock& clock) {
  std::unique_ptr<AccessKeys> keys(new AccessKeys(store, clock));
  CANDID_TRY(keys->Reload());
  return keys;
}

Status AccessKeys::Reload() {
  CANDID_ASSIGN(const auto keys, store_.ListKeys());
  std::map<std::string, std::string, std::less<>> secrets;
  for (const AccessKey& key : keys) {
    if (!key.enabled) continue;
    CANDID_ASSIGN(auto secret, store_.KeySecret(key.id));
    secrets.emplace(key.id, std::move(secret));
  }
  const std::unique_lock lock(mutex_);
  secrets_ = std::move(secrets);
  return {};
}

store::AuditEntry AccessKeys::Entry(std::string operation) const {
  return {clock_.Now(), {}, std::move(operation), {}, "ok", 0, 0};
}

Result<NewAccessKey> AccessKeys::Create(const std::string& note) {
  NewAccessKey made{NewId(), ToBase64(RandomBytes(kSecretBytes))};
  const std::lock_guard change(changes_);
  CANDID_TRY(store_.AddKey({made.id, clock_.Now(), true, note}, made.secret, Entry("CreateKey")));
  CANDID_TRY(Reload());
  return made;
}

Result<std::vector<AccessKey>> AccessKeys::List() const { return store_.ListKeys(); }

Status AccessKeys::SetEnabled(const std::string& id, bool enabled) {
  const std::lock_guard change(changes_);
  CANDID_TRY(store_.SetKeyEnabled(id, enabled, Entry(enabled ? "EnableKey" : "DisableKey")));
  return Reload();
}

Status AccessKeys::Delete(const std::string& id) {
  const std::lock_guard change(changes_);
  CANDID_TRY(store_.DeleteKey(id, Entry("DeleteKey")));
  return Reload();
}

Result<std::string> AccessKeys::Secret(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  const auto found = secrets_.find(id);
  if (found != secrets_.end()) return found->second;
  return Fail(Code::kUnauthenticated, "the access key is unknown or disabled");
}

}  // namespace candid::collections
