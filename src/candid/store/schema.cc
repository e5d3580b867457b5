#include "candid/store/schema.h"

#include <fmt/format.h>

namespace candid::store {
namespace {

constexpr std::int64_t kApplicationId = 0x43414E44;  // "CAND"

constexpr const char* kVersion1 = R"sql(
CREATE TABLE collections(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  created_us INTEGER NOT NULL,
  pack TEXT NOT NULL, model_hash TEXT NOT NULL, model_version TEXT NOT NULL,
  dimension INTEGER NOT NULL,
  keep INTEGER NOT NULL,
  next_sequence INTEGER NOT NULL DEFAULT 1,
  face_count INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE images(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  collection INTEGER NOT NULL REFERENCES collections(number) ON DELETE CASCADE,
  image_id TEXT NOT NULL, external_id TEXT NOT NULL,
  sha256 BLOB NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
  UNIQUE(collection, image_id, external_id)) STRICT;
CREATE TABLE kept_images(
  image INTEGER PRIMARY KEY REFERENCES images(number) ON DELETE CASCADE,
  file BLOB NOT NULL) STRICT;
CREATE TABLE faces(
  row INTEGER PRIMARY KEY,
  image INTEGER NOT NULL REFERENCES images(number) ON DELETE CASCADE,
  face_id TEXT NOT NULL,
  left REAL NOT NULL, top REAL NOT NULL, width REAL NOT NULL, height REAL NOT NULL,
  confidence REAL NOT NULL, usefulness REAL NOT NULL) STRICT;
CREATE UNIQUE INDEX faces_by_id ON faces(face_id, row >> 36);
CREATE INDEX faces_by_image ON faces(image);
CREATE TABLE templates(
  face INTEGER PRIMARY KEY REFERENCES faces(row) ON DELETE CASCADE,
  vector BLOB NOT NULL, mean REAL NOT NULL, deviation REAL NOT NULL) STRICT;
CREATE TABLE staged_templates(
  face INTEGER PRIMARY KEY REFERENCES faces(row) ON DELETE CASCADE,
  vector BLOB NOT NULL, mean REAL NOT NULL, deviation REAL NOT NULL) STRICT;
CREATE TABLE crops(
  face INTEGER PRIMARY KEY REFERENCES faces(row) ON DELETE CASCADE,
  jpeg BLOB NOT NULL) STRICT;
CREATE TABLE keys(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE, sealed_secret BLOB NOT NULL,
  created_us INTEGER NOT NULL, enabled INTEGER NOT NULL, note TEXT NOT NULL) STRICT;
CREATE TABLE audit(
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  time_us INTEGER NOT NULL, key_id TEXT NOT NULL, operation TEXT NOT NULL,
  collection TEXT NOT NULL, outcome TEXT NOT NULL,
  affected INTEGER NOT NULL, refused INTEGER NOT NULL,
  previous_hash BLOB, hash BLOB) STRICT;
CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
)sql";

constexpr const char* kUsersAndTags = R"sql(
ALTER TABLE collections ADD COLUMN user_count INTEGER NOT NULL DEFAULT 0;
CREATE TABLE users(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  collection INTEGER NOT NULL REFERENCES collections(number) ON DELETE CASCADE,
  user_id TEXT NOT NULL,
  UNIQUE(collection, user_id)) STRICT;
CREATE INDEX users_by_collection ON users(collection);
CREATE TABLE associations(
  face INTEGER PRIMARY KEY REFERENCES faces(row) ON DELETE CASCADE,
  user INTEGER NOT NULL REFERENCES users(number) ON DELETE CASCADE) STRICT;
CREATE INDEX associations_by_user ON associations(user);
CREATE TABLE request_tokens(
  name BLOB PRIMARY KEY,
  collection INTEGER NOT NULL REFERENCES collections(number) ON DELETE CASCADE,
  request BLOB NOT NULL, answer BLOB NOT NULL,
  expires_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX request_tokens_by_expiry ON request_tokens(expires_us);
CREATE INDEX request_tokens_by_collection ON request_tokens(collection);
CREATE TABLE tags(
  collection INTEGER NOT NULL REFERENCES collections(number) ON DELETE CASCADE,
  key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY(collection, key)) STRICT, WITHOUT ROWID;
)sql";

// The trail becomes a chain. Lines that are there stay without a hash; the chain's first line
// covers them (StartChain).
constexpr const char* kAuditChain = R"sql(
ALTER TABLE audit ADD COLUMN session TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN threshold REAL;
ALTER TABLE audit ADD COLUMN images TEXT NOT NULL DEFAULT '';
)sql";

// Patterns are separated by spaces, which none holds. The revision of a key rises with each of its
// changes, so that the sum of all tells whether there was one.
constexpr const char* kKeyPolicies = R"sql(
ALTER TABLE keys ADD COLUMN actions TEXT NOT NULL DEFAULT '';
ALTER TABLE keys ADD COLUMN collections TEXT NOT NULL DEFAULT '';
ALTER TABLE keys ADD COLUMN read_only INTEGER NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN rate REAL NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN burst REAL NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN expires_us INTEGER;
ALTER TABLE keys ADD COLUMN revoked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
)sql";

// Faces that are there count from the upgrade: when they were stored is not known.
constexpr const char* kRetention = R"sql(
ALTER TABLE collections ADD COLUMN retention_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE faces ADD COLUMN created_us INTEGER NOT NULL DEFAULT 0;
UPDATE faces SET created_us=CAST(strftime('%s','now') AS INTEGER)*1000000;
CREATE INDEX faces_by_age ON faces(row >> 36, created_us);
)sql";

constexpr const char* kSteps[] = {kVersion1, kUsersAndTags, kAuditChain, kKeyPolicies, kRetention};

// Of a database that may be used: ours, and no newer than the steps.
Result<std::int64_t> ReadVersion(Connection& connection, std::int64_t newest) {
  CANDID_ASSIGN(const std::int64_t version, connection.Number("PRAGMA user_version"));
  CANDID_ASSIGN(const std::int64_t owner, connection.Number("PRAGMA application_id"));
  CANDID_ASSIGN(const std::int64_t tables, connection.Number("SELECT count(*) FROM sqlite_schema"));
  if (owner != kApplicationId && (owner != 0 || tables != 0 || version != 0)) {
    return Fail(Code::kCorrupt, "the database belongs to another program: name another folder");
  }
  if (version > newest) {
    return Fail(Code::kUnsupported,
                fmt::format("the database was written by a newer Candid (schema {}, this one knows "
                            "up to {}): upgrade Candid, or restore an older backup",
                            version, newest));
  }
  return version;
}

}  // namespace

std::span<const char* const> Migrations() { return kSteps; }

Status Migrate(Connection& connection, std::span<const char* const> steps) {
  const auto newest = std::ssize(steps);
  CANDID_ASSIGN(const std::int64_t version, ReadVersion(connection, newest));
  for (std::int64_t step = version; step < newest; ++step) {
    const std::string sql =
        fmt::format("PRAGMA application_id={}; {} PRAGMA user_version={};", kApplicationId,
                    steps[static_cast<std::size_t>(step)], step + 1);
    const Status done = connection.Transact([&] { return connection.Execute(sql.c_str()); });
    if (!done) {
      return Fail(done.error().WithContext(fmt::format("moving to schema {}", step + 1)));
    }
  }
  return {};
}

Status RequireNewest(Connection& connection, std::span<const char* const> steps) {
  CANDID_ASSIGN(const std::int64_t version, ReadVersion(connection, std::ssize(steps)));
  if (version == std::ssize(steps)) return {};
  return Fail(Code::kUnsupported,
              fmt::format("the database was written by an older Candid (schema {}, not {}): start "
                          "the server once, it brings it up to date",
                          version, steps.size()));
}

}  // namespace candid::store
