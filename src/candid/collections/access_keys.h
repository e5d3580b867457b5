// AccessKeys: who may call. Secrets lie sealed in the store and open in memory only.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "candid/base/clock.h"
#include "candid/store/store.h"

namespace candid::collections {

using store::AccessKey;

struct NewAccessKey {
  std::string id;      // "AKCANDID" and 12 letters or digits
  std::string secret;  // 40 characters of base64's alphabet; shown once, by the caller
};

// Thread-safe. Enabled keys are held open in memory, so Secret never touches the disk.
class AccessKeys {
 public:
  // `store` and `clock` must outlive the result. Errors are the store's (a lost master key is
  // kCorrupt and names its file).
  static Result<std::unique_ptr<AccessKeys>> Load(store::Store& store,
                                                  const Clock& clock = SystemClock());

  Result<NewAccessKey> Create(const std::string& note);
  // In order of creation, disabled ones too.
  Result<std::vector<AccessKey>> List() const;
  // kNotFound.
  Status SetEnabled(const std::string& id, bool enabled);
  Status Delete(const std::string& id);

  // The secret of an enabled key; kUnauthenticated for any other.
  Result<std::string> Secret(std::string_view id) const;

 private:
  AccessKeys(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}
  Status Reload();
  store::AuditEntry Entry(std::string operation) const;

  store::Store& store_;
  const Clock& clock_;
  std::mutex changes_;  // one change and its Reload at a time
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::string, std::less<>> secrets_;
};

}  // namespace candid::collections
