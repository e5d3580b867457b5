// Store: the durable truth, one SQLite database in the state folder.
//
// Thread-safe. A write that returned is on disk (synced) and whole: a picture, its faces, their
// templates and the audit line are one transaction. Writes of many threads are committed together
// by one writer thread; reads go on beside them, each seeing one state of the whole. Formats are in
// docs/formats/store.md. Errors every call may give, each naming the database and the remedy: kIo
// (full disk, read-only file), kCorrupt (damaged, or not ours), kUnavailable (locked too long),
// kDenied (a write to a store opened for reading).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "candid/store/records.h"

namespace candid::store {

enum class Access {
  kWrite,  // one process at a time; the folder and the database are made where there are none
  kRead,   // beside a running server: for listing, backup and doctor
  // As kWrite where nobody has the folder. Beside a running server: keys, collections' settings and
  // the trail can be written, and nothing else (kConflict).
  kBeside,
};

struct OpenOptions {
  Access access = Access::kWrite;
  // Longest time spent looking for damage at opening; what could not be read by then is taken as
  // sound. Zero: don't look.
  std::chrono::milliseconds check_budget{500};
  std::uint64_t max_bytes = 0;                // of the database file; 0: what the disk holds
  std::chrono::milliseconds lock_wait{5000};  // for another program's lock on the database
};

// What RecordImage did with each face, in the order given.
struct RecordedFace {
  StoredFace face;
  bool is_new = true;
};

// Progress of long work: so much of so much.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

class Store {
 public:
  // kConflict: another process holds the folder (its number is in the message); kUnsupported: the
  // database was written by a newer Candid; kNotFound: kRead of nothing. A file that holds no whole
  // database is kCorrupt and never taken for a new one. Beside a backup that was put in the
  // database's place the log of the one that was there is removed (kRead: kConflict).
  static Result<std::unique_ptr<Store>> Open(const std::filesystem::path& folder,
                                             const OpenOptions& options = {});
  // Waits for writes under way.
  ~Store();

  const std::filesystem::path& folder() const;
  const std::filesystem::path& database() const;

  // Collections. Messages of kNotFound and kAlreadyExists are Rekognition's.
  Result<Collection> CreateCollection(const Collection& collection, const AuditEntry& audit,
                                      const Tags& tags = {});
  Result<Collection> FindCollection(const std::string& id) const;
  Result<std::uint64_t> CountCollections() const;
  Result<Page<Collection>> ListCollections(Cursor after, std::size_t limit) const;
  // How long its faces are kept, from the time of the line that tells of them; 0: for ever.
  Status SetRetention(const std::string& id, std::chrono::seconds retention,
                      const AuditEntry& audit);
  // Erases everything under it; returns how many faces that was.
  Result<std::uint64_t> DeleteCollection(const std::string& id, AuditEntry audit);

  // Tags of a collection. kExhausted: more than kMaxTags. Absent keys are no error.
  Result<Tags> ListTags(const std::string& collection) const;
  Status SetTags(const std::string& collection, const Tags& tags, AuditEntry audit);
  Status RemoveTags(const std::string& collection, const std::vector<std::string>& keys,
                    AuditEntry audit);

  // Faces. A face of the same image (image id and external id) whose box overlaps a stored one by
  // more than half (intersection over union) is that face and is returned as it was stored.
  // kConflict: the collection's model is not `model_hash`. kExhausted: over `max_faces`.
  Result<std::vector<RecordedFace>> RecordImage(const std::string& collection,
                                                const std::string& model_hash,
                                                const NewImage& image, std::vector<NewFace> faces,
                                                std::uint64_t max_faces, AuditEntry audit);
  Result<std::vector<StoredFace>> FacesOfImage(const std::string& collection,
                                               const std::string& image_id,
                                               const std::string& external_image_id) const;
  Result<Page<StoredFace>> ListFaces(const std::string& collection, Cursor after,
                                     std::size_t limit) const;
  // Those that are there, in the order asked.
  Result<std::vector<StoredFace>> FindFaces(const std::string& collection,
                                            const std::vector<std::string>& face_ids) const;
  // Those that are there, in the order asked.
  Result<std::vector<StoredFace>> FacesAt(std::span<const RowId> rows) const;
  // Erases faces with templates and crops, and what is left of their images; returns their rows
  // in the order asked, absent ones left out.
  Result<std::vector<StoredFace>> DeleteFaces(const std::string& collection,
                                              const std::vector<std::string>& face_ids,
                                              AuditEntry audit);

  // Face ids, oldest first.
  Result<std::vector<std::string>> FacesStoredBefore(const std::string& collection, Time time,
                                                     std::size_t limit) const;

  // Templates.
  Result<StoredTemplate> TemplateAt(RowId row) const;
  // All of a collection in order of rows, in blocks of some thousand; all of one state. An error
  // that `take` returns ends the reading and is returned.
  Status ReadTemplates(const std::string& collection,
                       const std::function<Status(const TemplateBlock&)>& take) const;

  // Users. kNotFound: no such user; kConflict: the user is there already; kExhausted: over
  // `max_users`. A call with a token that was used before for the same changes nothing more;
  // kAlreadyExists: used before for something else.
  Status CreateUser(const std::string& collection, const std::string& user_id,
                    std::uint64_t max_users, const std::optional<RequestToken>& token,
                    AuditEntry audit);
  // Its faces stay and are free. The user that is gone; none: by an earlier call with the token.
  Result<std::optional<StoredUser>> DeleteUser(const std::string& collection,
                                               const std::string& user_id,
                                               const std::optional<RequestToken>& token,
                                               AuditEntry audit);
  Result<StoredUser> FindUser(const std::string& collection, const std::string& user_id) const;
  // In order of creation.
  Result<Page<StoredUser>> ListUsers(const std::string& collection, Cursor after,
                                     std::size_t limit) const;
  // Those that are there, in the order asked.
  Result<std::vector<StoredUser>> UsersAt(std::span<const UserNumber> users) const;
  Result<Page<StoredFace>> ListFacesOfUser(const std::string& collection,
                                           const std::string& user_id, Cursor after,
                                           std::size_t limit) const;

  // Associations. A face belongs to one user at most; faces are of the user's collection. Deleting
  // a face or a user ends them. `answer` is what FindAnswer then gives for the token.
  Status AssociateFaces(const std::string& collection, UserNumber user,
                        std::span<const RowId> faces, const std::optional<RequestToken>& token,
                        const Bytes& answer, AuditEntry audit);
  Status DisassociateFaces(const std::string& collection, UserNumber user,
                           std::span<const RowId> faces, const std::optional<RequestToken>& token,
                           const Bytes& answer, AuditEntry audit);
  // Of the call made before with this token; none: there was none, or it is too long ago.
  Result<std::optional<Bytes>> FindAnswer(const RequestToken& token) const;
  // What a user's vector is made of, in order of rows.
  Result<std::vector<UserFace>> FacesOfUser(const std::string& collection, UserNumber user) const;
  // Of every user that has faces, all of one state. An error that `take` returns ends the reading.
  Status ReadUserFaces(
      const std::string& collection,
      const std::function<Status(UserNumber, const std::vector<UserFace>&)>& take) const;

  // New templates for old. Staged ones are invisible until the switch and lost with the next
  // Open. The switch refuses (kConflict) while a face has no staged template, unless `drop_lost`
  // erases such faces.
  Result<Page<KeptPixels>> ReadKeptPixels(const std::string& collection, Cursor after,
                                          std::size_t limit) const;
  Status StageTemplates(const std::string& collection, const TemplateBlock& templates);
  Status DiscardStaged(const std::string& collection);
  Status SwitchModel(const std::string& collection, const ModelIdentity& model, bool drop_lost,
                     AuditEntry audit);

  // Access keys. Secrets are sealed with the folder's master key (made when first needed).
  Status AddKey(const AccessKey& key, const std::string& secret, const AuditEntry& audit);
  Result<std::vector<AccessKey>> ListKeys() const;
  Result<std::string> KeySecret(const std::string& id) const;
  // Rises with every change of any key, by whichever process.
  Result<std::uint64_t> KeysRevision() const;
  // kConflict: the key was revoked.
  Status SetKeyEnabled(const std::string& id, bool enabled, const AuditEntry& audit);
  Status SetKeyPolicy(const std::string& id, const Policy& policy,
                      const std::optional<Time>& expires, const AuditEntry& audit);
  // Erases the secret; the rest stays, so that the trail's names mean something.
  Status RevokeKey(const std::string& id, const AuditEntry& audit);

  // The trail, append-only and chained by hashes (docs/audit.md). A change and its line are one
  // transaction. Lines of calls that change nothing are written soon after, not before the return;
  // they are on disk by Flush and at closing. One that cannot be written is counted, and the next
  // line that can tells how many are missing.
  void Audit(AuditEntry entry);
  AuditHealth audit_health() const;
  Status Flush();
  Result<Page<AuditRow>> ListAudit(Cursor after, std::size_t limit) const;
  // Reads the whole trail. `expect`: a line with this hash must be there.
  Result<AuditReport> VerifyAudit(const std::optional<Digest>& expect = std::nullopt) const;
  // Writes the last line's number and hash to candid.head, sealed by the master key, so that an end
  // cut off shows. Without a master key there is nothing to seal with, and nothing is written.
  // kCorrupt: the trail does not hold the line that the record there names; it stays as it is.
  // The store does this itself when it closes.
  Status SealAuditHead();
  // The same over a record that does not fit, after a backup was restored; leaves a line of it.
  Status ResealAuditHead(AuditEntry audit);

  // Copies the database as it is now to a new file while others read and write; checks the copy
  // and syncs it. kAlreadyExists: the file is there. The master key is not part of it.
  Status Backup(const std::filesystem::path& file, const Progress& progress = nullptr) const;

  // Reads everything and checks it against itself; kCorrupt says what is damaged.
  Status Check() const;

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace candid::store
