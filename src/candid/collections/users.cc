// Users: made, deleted, listed and searched.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "candid/collections/request_token.h"
#include "candid/collections/selection.h"
#include "candid/collections/state.h"

namespace candid::collections {
namespace {

Status CheckUserCount(std::size_t count) {
  if (count >= 1 && count <= kMaxUsersAtOnce) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("{} users asked for: 1 to {} are possible", count, kMaxUsersAtOnce));
}

}  // namespace

Status Collections::CreateUser(const Caller& caller, const UserRequest& request) {
  CANDID_TRY(CheckUserId(request.user_id));
  return state_->store.CreateUser(request.collection, request.user_id, state_->options.max_users,
                                  TokenOf(caller, "CreateUser", request, state_->clock),
                                  state_->Entry(caller, "CreateUser", request.collection));
}

Status Collections::DeleteUser(const Caller& caller, const UserRequest& request) {
  CANDID_TRY(state_->store.FindCollection(request.collection));
  const OwnedRoom owned = state_->galleries.Own(request.collection);
  CANDID_ASSIGN(const auto gone,
                state_->store.DeleteUser(request.collection, request.user_id,
                                         TokenOf(caller, "DeleteUser", request, state_->clock),
                                         state_->Entry(caller, "DeleteUser", request.collection)));
  const auto users = owned.room->users();
  return gone && users != nullptr ? users->Put(gone->number, {}) : Status();
}

Result<Page<StoredUser>> Collections::ListUsers(const std::string& collection, Cursor after,
                                                std::size_t limit) const {
  const std::size_t size = limit == 0 ? kMaxUsersAtOnce : limit;
  CANDID_TRY(CheckUserCount(size));
  return state_->store.ListUsers(collection, after, size);
}

Result<std::vector<UserMatch>> Collections::State::UserMatches(const Collection& collection,
                                                               const store::StoredTemplate& probe,
                                                               std::size_t limit,
                                                               const decision::Terms& terms) {
  if (terms.score == std::numeric_limits<double>::infinity()) return std::vector<UserMatch>();
  CANDID_ASSIGN(const auto gallery, galleries.FilledUsers(collection));
  CANDID_ASSIGN(const auto candidates, gallery->Search(probe, FloorOf(terms), limit));
  std::vector<UserNumber> numbers;
  for (const gallery::Candidate& candidate : candidates) numbers.push_back(candidate.key);
  CANDID_ASSIGN(auto users, store.UsersAt(numbers));
  // Users come in the order of the numbers, without those that were deleted since.
  std::vector<UserMatch> matches;
  std::size_t next = 0;
  for (const gallery::Candidate& candidate : candidates) {
    if (next == users.size()) break;
    if (users[next].number != candidate.key) continue;
    StoredUser user = std::move(users[next++]);
    const double similar = SimilarityOf(candidate.score);
    if (!terms.Take(double{candidate.score}, similar)) continue;
    matches.push_back({similar, candidate.score, std::move(user), RateOf(candidate.score)});
  }
  return matches;
}

Result<SearchUsersOutcome> Collections::SearchUsers(const Caller& caller,
                                                    const SearchUsersRequest& request) {
  const auto search = [&]() -> Result<SearchUsersOutcome> {
    CANDID_TRY(CheckUserCount(request.max_users));
    CANDID_TRY(CheckSimilarity(request.similarity));
    if (request.user_id.empty() == request.face_id.empty()) {
      return Fail(Code::kInvalidArgument, "exactly one of FaceId and UserId must be given");
    }
    CANDID_ASSIGN(const Collection collection, state_->FindOurs(request.collection));
    SearchUsersOutcome outcome;
    outcome.model_version = collection.model.version;
    CANDID_ASSIGN(outcome.terms,
                  state_->TermsFor(collection, request.similarity, collection.user_count));
    store::StoredTemplate probe;
    UserNumber self = 0;
    if (!request.face_id.empty()) {
      CANDID_ASSIGN(const auto faces, state_->store.FindFaces(collection.id, {request.face_id}));
      if (faces.empty()) {
        return Fail(Code::kInvalidArgument, "faceId was not found in the collection.");
      }
      CANDID_ASSIGN(probe, state_->store.TemplateAt(faces.front().row));
    } else {
      CANDID_ASSIGN(const StoredUser user, state_->store.FindUser(collection.id, request.user_id));
      CANDID_ASSIGN(const auto faces, state_->store.FacesOfUser(collection.id, user.number));
      if (faces.empty()) return outcome;
      self = user.number;
      probe = VectorOf(faces);
    }
    // One more than asked for, as the user itself is found first.
    CANDID_ASSIGN(outcome.matches,
                  state_->UserMatches(collection, probe, request.max_users + 1, outcome.terms));
    std::erase_if(outcome.matches,
                  [&](const UserMatch& match) { return match.user.number == self; });
    if (outcome.matches.size() > request.max_users) outcome.matches.resize(request.max_users);
    return outcome;
  };
  auto outcome = search();
  const std::size_t returned = outcome ? outcome->matches.size() : 0;
  return State::Told(caller, std::move(outcome), returned);
}

Result<SearchUsersOutcome> Collections::SearchUsersByImage(
    const Caller& caller, const SearchUsersByImageRequest& request) {
  const auto search = [&]() -> Result<SearchUsersOutcome> {
    CANDID_TRY(CheckUserCount(request.max_users));
    CANDID_TRY(CheckSimilarity(request.similarity));
    CANDID_ASSIGN(const Collection collection, state_->FindOurs(request.collection));
    CANDID_ASSIGN(const face::Photo photo, state_->Detect(request.image));
    SearchUsersOutcome outcome;
    outcome.model_version = collection.model.version;
    outcome.picture = {photo.info().width, photo.info().height};
    CANDID_ASSIGN(outcome.terms,
                  state_->TermsFor(collection, request.similarity, collection.user_count));
    const Selection selection = Select(photo.faces(), request.filter, std::nullopt);
    std::vector<std::vector<Reason>> reasons(photo.faces().size(), {Reason::kFaceNotLargest});
    for (const Refused& refused : selection.refused) reasons[refused.face] = refused.reasons;
    if (!selection.chosen.empty()) {
      const std::size_t largest = selection.chosen.front();
      reasons[largest].clear();
      outcome.searched = photo.faces()[largest];
      CANDID_ASSIGN(const auto probe, state_->pipeline->Embed(photo, {&largest, 1}));
      CANDID_ASSIGN(outcome.matches,
                    state_->UserMatches(collection, {probe.front().values, probe.front().figures},
                                        request.max_users, outcome.terms));
      outcome.age_not_supported = state_->Declines(probe.front());
      if (outcome.age_not_supported) outcome.matches.clear();
    }
    for (std::size_t i = 0; i < reasons.size(); ++i) {
      if (!reasons[i].empty()) outcome.unsearched.push_back({photo.faces()[i], reasons[i]});
    }
    outcome.timings = photo.timings();
    return outcome;
  };
  auto outcome = search();
  const std::size_t returned = outcome ? outcome->matches.size() : 0;
  return State::Told(caller, std::move(outcome), returned);
}

}  // namespace candid::collections
