// Collections: the use cases (index, list, delete, search, compare) over pipeline, galleries and
// store.
//
// Thread-safe. Every change is on disk and searchable (or gone) before the call returns. Errors
// beside those named: kNotFound "The collection id: X does not exist"; kInvalidArgument for a value
// out of its range, naming it; kConflict for a collection of another pack than the pipeline's,
// naming both and the remedy; those of face::Pipeline for pictures; those of store::Store.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "candid/base/clock.h"
#include "candid/collections/requests.h"
#include "candid/collections/user_requests.h"
#include "candid/face/pipeline.h"
#include "candid/gallery/flat_index.h"
#include "candid/store/store.h"

namespace candid::collections {

struct Options {
  gallery::FlatOptions gallery;
  std::size_t max_collections = 100'000;
  std::size_t max_faces = 20'000'000;  // of one collection
  std::size_t max_users = 10'000'000;  // of one collection
  decision::Scale scale = {};          // of the pipeline's pack
  // Faces of ages that the pack cannot tell apart are matched like others, wrongly as that is.
  bool match_unsupported_ages = false;
};

class Collections {
 public:
  // `store`, `pipeline` and `clock` must outlive the result. Without a pipeline (null) everything
  // works that needs no pixels; the rest answers kUnavailable. Pictures under 80 pixels a side are
  // kInvalidArgument. `model` says what the pipeline makes
  // (IdentityOf(pack)). Galleries are filled from the store when they are first needed, or all by
  // Warm.
  Collections(store::Store& store, const face::Pipeline* pipeline, ModelIdentity model,
              const Options& options = {}, const Clock& clock = SystemClock());
  ~Collections();

  // Fills every gallery that is not yet filled; `progress` (may be null) hears the faces so far,
  // and an error from it ends the work and is returned.
  Result<WarmOutcome> Warm(const std::function<Status(std::size_t faces)>& progress = nullptr);
  // What is in memory now; never waits for long work.
  Loaded loaded() const;

  // kInvalidArgument: not 1-255 of [a-zA-Z0-9_.-]; kAlreadyExists; kExhausted: too many.
  Result<Collection> Create(const Caller& caller, const std::string& id, Keep keep = Keep::kNone,
                            const Tags& tags = {});
  Result<Collection> Describe(const std::string& id) const;
  // In order of creation. `limit` 0: kDefaultPage.
  Result<Page<Collection>> List(Cursor after = 0, std::size_t limit = 0) const;
  // Rows, templates, kept pixels and the gallery are gone when it returns.
  Status Delete(const Caller& caller, const std::string& id);

  // Any face found is no error: no faces give an outcome without faces. The same bytes, collection
  // and external id store nothing twice and return the same face ids. Faces left out by
  // `max_faces` are the least useful, then the smallest. kExhausted: the collection is full.
  Result<IndexOutcome> Index(const Caller& caller, const IndexRequest& request);
  // The second half of Index, for faces already embedded: stores them, makes them searchable.
  // `faces[i].vector` is of the model's dimension. Returned in the order given.
  Result<std::vector<store::RecordedFace>> Record(const Caller& caller,
                                                  const std::string& collection,
                                                  const store::NewImage& image,
                                                  std::vector<store::NewFace> faces);
  // Faces stored of these very bytes under this external id; empty: none.
  Result<std::vector<StoredFace>> FacesOfImage(const std::string& collection, ByteSpan image,
                                               const std::string& external_image_id) const;

  // The tag store::kFalseAlarmsTag is a promise for every search from then on: its value 1/X means
  // that at most one in X searches of strangers returns anyone, whatever threshold a caller gives.
  // kInvalidArgument, here and in Create: no such value, or the pack has no calibration that could
  // keep it.
  // Of a collection. kInvalidArgument: a key or value of more than 128 or 256 characters, or a key
  // that is empty or begins with "aws:"; kExhausted: more than store::kMaxTags.
  Result<Tags> ListTags(const std::string& collection) const;
  Status Tag(const Caller& caller, const std::string& collection, const Tags& tags);
  // Absent keys are no error.
  Status Untag(const Caller& caller, const std::string& collection,
               const std::vector<std::string>& keys);

  // In order of insertion.
  Result<Page<StoredFace>> ListFaces(const ListFacesRequest& request) const;
  // At most kMaxFaceIds; unknown ids, and those of faces that are associated with a user, are no
  // error.
  Result<DeleteFacesOutcome> DeleteFaces(const Caller& caller, const std::string& collection,
                                         const std::vector<std::string>& face_ids);

  // Erases the faces that are older than their collection keeps them; returns how many.
  Result<std::uint64_t> EraseExpired();

  // The face itself is left out. kInvalidArgument "faceId was not found in the collection."
  Result<SearchOutcome> SearchByFace(const Caller& caller, const SearchByFaceRequest& request);
  // For the largest face that passes the filter; where there is none, `searched` is empty.
  Result<SearchOutcome> SearchByImage(const Caller& caller, const SearchByImageRequest& request);
  // For a template already made; the second half of SearchByImage. Fills `terms`, where there is
  // one.
  Result<std::vector<Match>> SearchByTemplate(const std::string& collection,
                                              const store::StoredTemplate& probe,
                                              std::size_t max_faces, double similarity,
                                              decision::Terms* terms = nullptr);

  // Users. kNotFound "The user id: X does not exist"; kAlreadyExists: the token was used before for
  // another request.
  // kConflict: there is such a user; kExhausted: the collection is full of users.
  Status CreateUser(const Caller& caller, const UserRequest& request);
  // Its faces stay.
  Status DeleteUser(const Caller& caller, const UserRequest& request);
  // In order of creation. `limit` 0: kMaxUsersAtOnce, the most.
  Result<Page<StoredUser>> ListUsers(const std::string& collection, Cursor after = 0,
                                     std::size_t limit = 0) const;
  // kExhausted: the user would have more than kMaxFacesOfUser; nothing is changed then.
  Result<AssociationOutcome> AssociateFaces(const Caller& caller, const AssociateRequest& request);
  Result<AssociationOutcome> DisassociateFaces(const Caller& caller,
                                               const DisassociateRequest& request);
  // kInvalidArgument "faceId was not found in the collection."
  Result<SearchUsersOutcome> SearchUsers(const Caller& caller, const SearchUsersRequest& request);
  // For the largest face that passes the filter; where there is none, `searched` is empty.
  Result<SearchUsersOutcome> SearchUsersByImage(const Caller& caller,
                                                const SearchUsersByImageRequest& request);

  // The source's largest face against all of the target. kInvalidArgument where either picture
  // shows none (that passes the filter). Stores nothing but the audit line.
  Result<CompareOutcome> Compare(const Caller& caller, const CompareRequest& request);
  Result<DetectOutcome> Detect(const Caller& caller, ByteSpan image,
                               const face::AttributeSet& wanted = {});

  // Moves a collection to the pipeline's pack: makes every template anew from kept crops or
  // images, then switches the whole at once; a crash or an error before that leaves the collection
  // as it was. Faces indexed meanwhile are refused with kConflict, and so is a second Reembed of
  // the same collection. `progress` may be null; an error from it ends the work and is returned.
  Result<ReembedOutcome> Reembed(
      const Caller& caller, const ReembedRequest& request,
      const std::function<Status(std::size_t done, std::size_t total)>& progress = nullptr);

  // A line of the trail for a call that changed nothing, or was refused.
  void Audit(const Caller& caller, const std::string& operation, const std::string& collection,
             const std::string& outcome, std::uint64_t affected);
  store::AuditHealth audit_health() const;

  const ModelIdentity& model() const;
  const decision::Scale& scale() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What templates of a pack are: the same as a Pipeline of it says.
ModelIdentity IdentityOf(const models::Pack& pack);

}  // namespace candid::collections
