// The store's access keys.
#include <fmt/format.h>

#include "candid/store/rows.h"
#include "candid/store/state.h"
#include "candid/store/vault.h"

namespace candid::store {
namespace {

std::filesystem::path MasterKeyOf(const std::filesystem::path& folder) {
  return folder / "candid.key";
}

Error LostMasterKey(const std::filesystem::path& file) {
  return Error(Code::kCorrupt,
               fmt::format("the master key {} is missing, so the access keys' secrets cannot be "
                           "opened: restore it from where you keep a copy, or delete the access "
                           "keys and create new ones",
                           file.string()));
}

// The vault of a folder whose database holds keys.
Result<Vault> OpenVault(const std::filesystem::path& folder) {
  auto vault = Vault::Open(MasterKeyOf(folder));
  if (!vault && vault.error().code() == Code::kNotFound) {
    return Fail(LostMasterKey(MasterKeyOf(folder)));
  }
  return vault;
}

// The vault for one more key: the master key is made with the first one, and must open the keys
// that are there.
Result<Vault> VaultForNewKey(Connection& connection, const std::filesystem::path& folder) {
  Query query(connection, "SELECT id,sealed_secret FROM keys ORDER BY number LIMIT 1");
  CANDID_ASSIGN(const bool keys, query.Step());
  if (!keys) {
    auto vault = Vault::Open(MasterKeyOf(folder));
    if (!vault && vault.error().code() == Code::kNotFound) {
      return Vault::Create(MasterKeyOf(folder));
    }
    return vault;
  }
  CANDID_ASSIGN(Vault vault, OpenVault(folder));
  CANDID_TRY(vault.Unseal(query.Text(0), query.Blob(1)));
  return vault;
}

Error NoSuchKey(const std::string& id) {
  return Error(Code::kNotFound, fmt::format("there is no access key {}", id));
}

}  // namespace

Status Store::AddKey(const AccessKey& key, const std::string& secret, const AuditEntry& audit) {
  const auto work = [&](Connection& connection) -> Status {
    {
      Query known(connection, "SELECT 1 FROM keys WHERE id=?");
      CANDID_ASSIGN(const bool found, known.Bind(key.id).Step());
      if (found) {
        return Fail(Code::kAlreadyExists, fmt::format("there is an access key {} already", key.id));
      }
    }
    CANDID_ASSIGN(const Vault vault, VaultForNewKey(connection, state_->folder));
    CANDID_ASSIGN(const Bytes sealed, vault.Seal(key.id, secret));
    CANDID_TRY(Query(connection, "INSERT INTO keys VALUES(NULL,?,?,?,?,?)")
                   .Bind(key.id)
                   .Bind(ByteSpan(sealed))
                   .Bind(Microseconds(key.created))
                   .Bind(key.enabled ? 1 : 0)
                   .Bind(key.note)
                   .Run());
    return AppendAudit(connection, audit);
  };
  return state_->Write(work);
}

Result<std::vector<AccessKey>> Store::ListKeys() const {
  return state_->Read([](Connection& connection) -> Result<std::vector<AccessKey>> {
    Query query(connection, "SELECT id,created_us,enabled,note FROM keys ORDER BY number");
    std::vector<AccessKey> keys;
    while (true) {
      CANDID_ASSIGN(const bool found, query.Step());
      if (!found) return keys;
      keys.push_back(
          {query.Text(0), FromMicroseconds(query.Int(1)), query.Int(2) != 0, query.Text(3)});
    }
  });
}

Result<std::string> Store::KeySecret(const std::string& id) const {
  return state_->Read([&](Connection& connection) -> Result<std::string> {
    Query query(connection, "SELECT sealed_secret FROM keys WHERE id=?");
    CANDID_ASSIGN(const bool found, query.Bind(id).Step());
    if (!found) return Fail(NoSuchKey(id));
    CANDID_ASSIGN(const Vault vault, OpenVault(state_->folder));
    return vault.Unseal(id, query.Blob(0));
  });
}

Status Store::SetKeyEnabled(const std::string& id, bool enabled, const AuditEntry& audit) {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_TRY(Query(connection, "UPDATE keys SET enabled=? WHERE id=?")
                   .Bind(enabled ? 1 : 0)
                   .Bind(id)
                   .Run());
    if (connection.changes() == 0) return Fail(NoSuchKey(id));
    return AppendAudit(connection, audit);
  };
  return state_->Write(work);
}

Status Store::DeleteKey(const std::string& id, const AuditEntry& audit) {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_TRY(Query(connection, "DELETE FROM keys WHERE id=?").Bind(id).Run());
    if (connection.changes() == 0) return Fail(NoSuchKey(id));
    return AppendAudit(connection, audit);
  };
  return state_->Write(work, Erasing::kBytes);
}

}  // namespace candid::store
