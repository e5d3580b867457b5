// What every use case works with. Private to this folder.
#pragma once

#include <set>

#include "candid/collections/collections.h"
#include "candid/collections/galleries.h"

namespace candid::collections {

// Each once, in order.
std::vector<std::string> Unique(const std::vector<std::string>& ids);

Status CheckTags(const Tags& tags);

// Just below the least score that counts: Terms decide, and the gallery rounds on its own.
float FloorOf(const decision::Terms& terms);

struct Collections::State {
  State(store::Store& s, const face::Pipeline* p, ModelIdentity m, const Options& o, const Clock& c)
      : store(s), pipeline(p), model(std::move(m)), options(o), clock(c), galleries(s, o.gallery) {}

  store::Store& store;
  const face::Pipeline* const pipeline;
  const ModelIdentity model;
  const Options options;
  const Clock& clock;
  Galleries galleries;
  std::mutex moving_mutex;
  std::set<std::string> moving;  // collections that Reembed works on

  // The collection, if its templates are those of the pipeline's pack.
  Result<Collection> FindOurs(const std::string& collection) const;

  // kUnavailable without models; kInvalidArgument for a picture that is too small. The photo
  // borrows `image`.
  Result<face::Photo> Detect(ByteSpan image, const face::AttributeSet& wanted = {}) const;

  // The threshold of a search of `gallery` faces of the collection.
  Result<decision::Terms> TermsFor(const Collection& collection, double similarity,
                                   std::uint64_t gallery) const;

  // The best `limit` of a collection of ours on these terms, most similar first.
  Result<std::vector<Match>> Matches(const Collection& collection,
                                     const store::StoredTemplate& probe, std::size_t limit,
                                     const decision::Terms& terms);

  // The pack's table says that it cannot tell such faces apart, and the operator did not overrule.
  bool Declines(const face::Template& made) const;

  // What a score is worth.
  double SimilarityOf(float score) const { return options.scale.SimilarityOf(double{score}); }
  std::optional<decision::StatedRate> RateOf(float score) const;

  // Of the tag store::kFalseAlarmsTag, where it is there: whether the pack can keep it.
  Status CheckPromise(const Tags& tags) const;

  // The best `limit` of a collection of ours, most similar first. `probe` is of its dimension.
  Result<std::vector<UserMatch>> UserMatches(const Collection& collection,
                                             const store::StoredTemplate& probe, std::size_t limit,
                                             const decision::Terms& terms);
  // Brings the room's vector of a user in line with the store. Call while owning the room.
  Status Refresh(Room& room, const std::string& collection, UserNumber user) const;

  // Of the ids asked for; each is gone from store and gallery. A face that belongs to a user stays,
  // or is erased all the same and taken out of the user's vector.
  enum class FacesOfUsers { kKeep, kErase };
  Result<DeleteFacesOutcome> EraseFaces(const Caller& caller, const std::string& operation,
                                        const std::string& collection,
                                        const std::vector<std::string>& face_ids,
                                        FacesOfUsers of_users);

  store::AuditEntry Entry(const Caller& caller, std::string operation,
                          std::string collection = {}) const;

  // Of a call that changes nothing: says what it returned. Its line is written by whoever let it
  // in, who knows of the calls that did not come this far too.
  template <typename T>
  static Result<T> Told(const Caller& caller, Result<T> outcome, std::uint64_t returned) {
    if (outcome && caller.returned != nullptr) *caller.returned = returned;
    return outcome;
  }
};

}  // namespace candid::collections
