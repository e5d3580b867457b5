// AccessKeys: who may call, and what. Secrets lie sealed in the store and open in memory only.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "candid/base/clock.h"
#include "candid/collections/policy.h"
#include "candid/collections/session.h"
#include "candid/store/store.h"

namespace candid::collections {

using store::AccessKey;
using store::Time;

struct NewAccessKey {
  std::string id;      // "AKCANDID" and 12 letters or digits
  std::string secret;  // 40 characters of base64's alphabet; shown once, by the caller
};

struct SessionCredentials {
  std::string id;
  std::string secret;
  std::string token;
  Time expires;
};

// What credentials that were sent stand for.
struct Grant {
  std::string secret;                         // that the request must be signed with
  std::string key_id;                         // the access key; of a session the one it belongs to
  std::string session = {};                   // a session's own id
  std::vector<Policy> policies;               // all must allow the call
  std::shared_ptr<RateLimit> rate = nullptr;  // null: none
};

inline constexpr std::chrono::minutes kMaxSession{36 * 60};

// Thread-safe. Keys are held open in memory; once a second the first caller looks whether another
// process changed one, so a change holds within a second without a read for each call.
class AccessKeys {
 public:
  // `store` and `clock` must outlive the result. Errors are the store's (a lost master key is
  // kCorrupt and names its file).
  static Result<std::unique_ptr<AccessKeys>> Load(store::Store& store,
                                                  const Clock& clock = SystemClock());

  // kInvalidArgument: CheckPolicy's, or an expiry that has passed.
  Result<NewAccessKey> Create(const std::string& note, const Policy& policy = {},
                              const std::optional<Time>& expires = std::nullopt);
  // In order of creation, disabled and revoked ones too.
  Result<std::vector<AccessKey>> List() const;
  // kNotFound; kConflict: revoked.
  Status SetEnabled(const std::string& id, bool enabled);
  Status SetPolicy(const std::string& id, const Policy& policy, const std::optional<Time>& expires);
  // For ever: the secret is erased.
  Status Revoke(const std::string& id);
  // A new key that may do the same; the old one expires `overlap` from now, or earlier where it
  // would have.
  Result<NewAccessKey> Rotate(const std::string& id, std::chrono::seconds overlap);
  // Credentials for a while, of a usable key. kInvalidArgument: longer than kMaxSession, less than
  // a minute, or a policy that CheckPolicy refuses or with a rate.
  Result<SessionCredentials> NewSession(const std::string& id, std::chrono::minutes length,
                                        const Policy& policy);

  // The secret of a usable key; kUnauthenticated for any other.
  Result<std::string> Secret(std::string_view id) const;

  // What the credentials of a call stand for. kUnauthenticated: unknown, disabled, expired or
  // revoked key, a token that is not this id's, a key with a token, a session without; kDeadline: a
  // session that is over.
  Result<Grant> Open(std::string_view id, std::string_view token);

 private:
  struct Entry {
    std::string secret;
    Policy policy;
    std::optional<Time> expires;
    std::shared_ptr<RateLimit> rate;
  };

  AccessKeys(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}
  Status Reload();
  // Reload, if another process changed a key and nobody looked for a second.
  Status Refresh();
  // A copy, if the key is enabled and has not expired.
  std::optional<Entry> Usable(std::string_view id) const;
  store::AuditEntry Line(const std::string& id, std::string operation) const;

  store::Store& store_;
  const Clock& clock_;
  std::mutex changes_;  // one change and its Reload at a time
  std::atomic<std::chrono::steady_clock::rep> next_look_ = 0;
  std::atomic<std::uint64_t> revision_ = 0;
  mutable std::shared_mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;  // of enabled keys
};

}  // namespace candid::collections
