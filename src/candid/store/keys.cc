// The store's access keys.
#include <fmt/format.h>

#include "candid/base/words.h"
#include "candid/store/rows.h"
#include "candid/store/state.h"
#include "candid/store/vault.h"

namespace candid::store {
namespace {

Error LostMasterKey(const std::filesystem::path& file) {
  return Error(Code::kCorrupt,
               fmt::format("the master key {} is missing, so the access keys' secrets cannot be "
                           "opened: restore it from where you keep a copy, or revoke the access "
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
  Query query(connection,
              "SELECT id,sealed_secret FROM keys WHERE revoked=0 ORDER BY number LIMIT 1");
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

Status RequireUsable(Connection& connection, const std::string& id) {
  Query query(connection, "SELECT revoked FROM keys WHERE id=?");
  CANDID_ASSIGN(const bool found, query.Bind(id).Step());
  if (!found) return Fail(NoSuchKey(id));
  if (query.Int(0) == 0) return {};
  return Fail(Code::kConflict, fmt::format("access key {} was revoked, which is final", id));
}

Status PutPolicy(Connection& connection, const std::string& id, const Policy& policy,
                 const std::optional<Time>& expires) {
  Query query(connection,
              "UPDATE keys SET actions=?,collections=?,read_only=?,rate=?,burst=?,"
              "revision=revision+1,expires_us=nullif(?,0) WHERE id=?");
  return query.Bind(JoinWords(policy.actions))
      .Bind(JoinWords(policy.collections))
      .Bind(policy.read_only ? 1 : 0)
      .Bind(policy.rate)
      .Bind(policy.burst)
      .Bind(expires ? Microseconds(*expires) : 0)
      .Bind(id)
      .Run();
}

AccessKey ReadKey(const Query& query) {
  AccessKey key{query.Text(0),
                FromMicroseconds(query.Int(1)),
                query.Int(2) != 0,
                query.Text(3),
                {SplitWords(query.Text(4)), SplitWords(query.Text(5)), query.Int(6) != 0,
                 query.Real(7), query.Real(8)}};
  if (!query.IsNull(9)) key.expires = FromMicroseconds(query.Int(9));
  key.revoked = query.Int(10) != 0;
  return key;
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
    CANDID_TRY(Query(connection,
                     "INSERT INTO keys(id,sealed_secret,created_us,enabled,note) VALUES(?,?,?,?,?)")
                   .Bind(key.id)
                   .Bind(ByteSpan(sealed))
                   .Bind(Microseconds(key.created))
                   .Bind(key.enabled ? 1 : 0)
                   .Bind(key.note)
                   .Run());
    CANDID_TRY(PutPolicy(connection, key.id, key.policy, key.expires));
    return AppendAudit(connection, audit);
  };
  return state_->WriteSettings(work);
}

Result<std::vector<AccessKey>> Store::ListKeys() const {
  return state_->Read([](Connection& connection) -> Result<std::vector<AccessKey>> {
    Query query(connection,
                "SELECT id,created_us,enabled,note,actions,collections,read_only,rate,burst,"
                "expires_us,revoked FROM keys ORDER BY number");
    std::vector<AccessKey> keys;
    while (true) {
      CANDID_ASSIGN(const bool found, query.Step());
      if (!found) return keys;
      keys.push_back(ReadKey(query));
    }
  });
}

Result<std::uint64_t> Store::KeysRevision() const {
  return state_->Read([](Connection& connection) -> Result<std::uint64_t> {
    CANDID_ASSIGN(const auto sum, connection.Number("SELECT ifnull(sum(revision),0) FROM keys"));
    return static_cast<std::uint64_t>(sum);
  });
}

Result<std::string> Store::KeySecret(const std::string& id) const {
  return state_->Read([&](Connection& connection) -> Result<std::string> {
    CANDID_TRY(RequireUsable(connection, id));
    Query query(connection, "SELECT sealed_secret FROM keys WHERE id=?");
    CANDID_TRY(query.Bind(id).Step());
    CANDID_ASSIGN(const Vault vault, OpenVault(state_->folder));
    return vault.Unseal(id, query.Blob(0));
  });
}

Status Store::SetKeyEnabled(const std::string& id, bool enabled, const AuditEntry& audit) {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_TRY(RequireUsable(connection, id));
    CANDID_TRY(Query(connection, "UPDATE keys SET enabled=?,revision=revision+1 WHERE id=?")
                   .Bind(enabled ? 1 : 0)
                   .Bind(id)
                   .Run());
    return AppendAudit(connection, audit);
  };
  return state_->WriteSettings(work);
}

Status Store::SetKeyPolicy(const std::string& id, const Policy& policy,
                           const std::optional<Time>& expires, const AuditEntry& audit) {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_TRY(RequireUsable(connection, id));
    CANDID_TRY(PutPolicy(connection, id, policy, expires));
    return AppendAudit(connection, audit);
  };
  return state_->WriteSettings(work);
}

Status Store::RevokeKey(const std::string& id, const AuditEntry& audit) {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_TRY(RequireUsable(connection, id));
    CANDID_TRY(Query(connection,
                     "UPDATE keys SET enabled=0,revoked=1,sealed_secret=zeroblob(0),"
                     "revision=revision+1 WHERE id=?")
                   .Bind(id)
                   .Run());
    return AppendAudit(connection, audit);
  };
  return state_->WriteSettings(work, Erasing::kBytes);
}

}  // namespace candid::store
