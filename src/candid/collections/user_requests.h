// What the use cases of users are asked and what they answer, as plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "candid/collections/requests.h"

namespace candid::collections {

using store::StoredUser;
using store::Tags;
using store::UserNumber;

inline constexpr std::size_t kMaxUsersAtOnce = 500;      // of a page or a search
inline constexpr std::size_t kMaxFacesOfUser = 100;      // and of one call
inline constexpr double kDefaultUserSimilarity = 75;     // of AssociateFaces
inline constexpr std::chrono::hours kTokenLifetime{24};  // of a request token

// kInvalidArgument names the value and what it may be.
Status CheckUserId(const std::string& id);  // 1-128 of [a-zA-Z0-9_.:-]

// Whom a call is about. The same call with the same token again has the same answer and no second
// effect, for kTokenLifetime; another call with it is refused. Tokens are the caller's own.
struct UserRequest {
  std::string collection;
  std::string user_id;
  std::string token;  // empty: none
};

struct AssociateRequest {
  UserRequest user;
  std::vector<std::string> face_ids;  // at most kMaxFacesOfUser
  // Least similarity, 0 to 100, of a face to the user as it was before the call; of no account
  // while the user has no face.
  double similarity = kDefaultUserSimilarity;
};

struct DisassociateRequest {
  UserRequest user;
  std::vector<std::string> face_ids;  // at most kMaxFacesOfUser
};

// Why a face was left as it was.
enum class AssociationRefusal { kFaceNotFound, kAssociatedToADifferentUser, kLowMatchConfidence };
std::string_view NameOf(AssociationRefusal refusal);  // "FACE_NOT_FOUND", ...

struct RefusedAssociation {
  std::string face_id;
  AssociationRefusal reason = AssociationRefusal::kFaceNotFound;
  std::string user_id;  // of the different user; empty otherwise, or where that user is gone
  std::optional<double> similarity;  // too low, 0 to 100
};

// Faces that were as they should be already are in neither list.
struct AssociationOutcome {
  std::vector<std::string> changed;         // in the order asked, each once
  std::vector<RefusedAssociation> refused;  // in the order asked, each once
  bool has_faces = false;                   // the user, now
};

struct UserMatch {
  double similarity = 0;  // 0 to 100
  float score = 0;        // fair score (decision/fair_score.h)
  StoredUser user;
  std::optional<decision::StatedRate> rate = {};  // as of Match
};

struct SearchUsersRequest {
  std::string collection;
  // Exactly one of the two.
  std::string user_id;  // left out of its own matches; one without faces has none
  std::string face_id;
  std::size_t max_users = kDefaultMatches;  // 1 to kMaxUsersAtOnce
  double similarity = kDefaultSimilarity;
};

struct SearchUsersByImageRequest {
  std::string collection;
  ByteSpan image;  // borrowed for the call
  std::size_t max_users = kDefaultMatches;
  double similarity = kDefaultSimilarity;
  QualityFilter filter = QualityFilter::kNone;
};

struct SearchUsersOutcome {
  std::vector<UserMatch> matches;  // most similar first
  std::string model_version;
  decision::Terms terms;           // the gallery: the collection's users
  bool age_not_supported = false;  // nobody was searched for
  // Of a search by image: the face searched for (empty: none could be) and the others.
  PictureSize picture;
  std::optional<face::Face> searched;
  std::vector<UnindexedFace> unsearched;  // largest box first
  face::Timings timings{};
};

}  // namespace candid::collections
