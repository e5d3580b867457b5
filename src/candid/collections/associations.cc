// Associations: faces become a user's and free again. A call's verdicts on its faces are kept under
// its token without any id, so that the same call can be answered the same later.
#include <fmt/format.h>

#include <cstring>
#include <map>

#include "candid/collections/request_token.h"
#include "candid/collections/state.h"
#include "candid/decision/fair_score.h"

namespace candid::collections {
namespace {

enum class Fate : std::uint8_t {
  kChanged = 1,
  kAsItWas,
  kNotFound,
  kDifferentUser,
  kLowMatch,
};

// On one face that was asked for.
struct Verdict {
  Fate fate = Fate::kNotFound;
  UserNumber other = 0;   // the different user
  double similarity = 0;  // too low
};

struct Verdicts {
  bool has_faces = false;      // the user, after the call
  std::vector<Verdict> faces;  // in the order asked
};

constexpr std::size_t kVerdictBytes = 1 + sizeof(UserNumber) + sizeof(double);

// docs/formats/store.md
Bytes Encode(const Verdicts& verdicts) {
  Bytes bytes(1 + verdicts.faces.size() * kVerdictBytes);
  bytes[0] = verdicts.has_faces ? 1 : 0;
  std::uint8_t* to = bytes.data() + 1;
  for (const Verdict& verdict : verdicts.faces) {
    *to = static_cast<std::uint8_t>(verdict.fate);
    std::memcpy(to + 1, &verdict.other, sizeof(verdict.other));
    std::memcpy(to + 1 + sizeof(verdict.other), &verdict.similarity, sizeof(verdict.similarity));
    to += kVerdictBytes;
  }
  return bytes;
}

Result<Verdicts> Decode(ByteSpan bytes, std::size_t faces) {
  if (bytes.size() != 1 + faces * kVerdictBytes) {
    return Fail(Code::kCorrupt,
                fmt::format("an answer kept for {} faces has {} bytes: restore a backup", faces,
                            bytes.size()));
  }
  Verdicts verdicts{bytes[0] != 0, std::vector<Verdict>(faces)};
  const std::uint8_t* from = bytes.data() + 1;
  for (Verdict& verdict : verdicts.faces) {
    verdict.fate = static_cast<Fate>(*from);
    std::memcpy(&verdict.other, from + 1, sizeof(verdict.other));
    std::memcpy(&verdict.similarity, from + 1 + sizeof(verdict.other), sizeof(verdict.similarity));
    from += kVerdictBytes;
  }
  return verdicts;
}

Result<AssociationOutcome> OutcomeOf(const store::Store& store, const Verdicts& verdicts,
                                     const std::vector<std::string>& asked) {
  AssociationOutcome outcome;
  outcome.has_faces = verdicts.has_faces;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const Verdict& verdict = verdicts.faces[i];
    RefusedAssociation refused{asked[i], AssociationRefusal::kFaceNotFound, {}, {}};
    switch (verdict.fate) {
      case Fate::kChanged:
        outcome.changed.push_back(asked[i]);
        continue;
      case Fate::kAsItWas:
        continue;
      case Fate::kNotFound:
        break;
      case Fate::kDifferentUser: {
        refused.reason = AssociationRefusal::kAssociatedToADifferentUser;
        CANDID_ASSIGN(const auto others, store.UsersAt({&verdict.other, 1}));
        if (!others.empty()) refused.user_id = others.front().user_id;
        break;
      }
      case Fate::kLowMatch:
        refused.reason = AssociationRefusal::kLowMatchConfidence;
        refused.similarity = verdict.similarity;
        break;
    }
    outcome.refused.push_back(std::move(refused));
  }
  return outcome;
}

Status CheckCount(const std::vector<std::string>& face_ids) {
  if (!face_ids.empty() && face_ids.size() <= kMaxFacesOfUser) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("{} face ids: 1 to {} are possible", face_ids.size(), kMaxFacesOfUser));
}

// One call on one user's faces, alone in the collection's room.
struct Change {
  std::vector<std::string> asked;
  std::optional<store::RequestToken> token;
  StoredUser user;
  std::map<std::string, StoredFace, std::less<>> found;  // of the asked, by id
  std::vector<store::UserFace> members;                  // of the user, before

  // The answer of an earlier call, or none: then everything above is read.
  Result<std::optional<AssociationOutcome>> Begin(const store::Store& store,
                                                  const UserRequest& request) {
    if (token) {
      CANDID_ASSIGN(const auto answer, store.FindAnswer(*token));
      if (answer) {
        CANDID_ASSIGN(const Verdicts verdicts, Decode(*answer, asked.size()));
        CANDID_ASSIGN(auto outcome, OutcomeOf(store, verdicts, asked));
        return std::optional(std::move(outcome));
      }
    }
    CANDID_ASSIGN(user, store.FindUser(request.collection, request.user_id));
    CANDID_ASSIGN(auto faces, store.FindFaces(request.collection, asked));
    for (StoredFace& face : faces) found.emplace(face.face_id, std::move(face));
    CANDID_ASSIGN(members, store.FacesOfUser(request.collection, user.number));
    return std::optional<AssociationOutcome>();
  }

  Result<Verdict> OfAnother(const store::Store& store, const std::string& collection,
                            const StoredFace& face) const {
    CANDID_ASSIGN(const StoredUser other, store.FindUser(collection, face.user_id));
    return Verdict{Fate::kDifferentUser, other.number, 0};
  }
};

}  // namespace

std::string_view NameOf(AssociationRefusal refusal) {
  switch (refusal) {
    case AssociationRefusal::kFaceNotFound:
      return "FACE_NOT_FOUND";
    case AssociationRefusal::kAssociatedToADifferentUser:
      return "ASSOCIATED_TO_A_DIFFERENT_USER";
    case AssociationRefusal::kLowMatchConfidence:
      return "LOW_MATCH_CONFIDENCE";
  }
  return "FACE_NOT_FOUND";
}

Status Collections::State::Refresh(Room& room, const std::string& collection,
                                   UserNumber user) const {
  const auto users = room.users();
  if (users == nullptr) return {};
  CANDID_ASSIGN(const auto faces, store.FacesOfUser(collection, user));
  return users->Put(user, faces);
}

Result<AssociationOutcome> Collections::AssociateFaces(const Caller& caller,
                                                       const AssociateRequest& request) {
  const std::string& collection = request.user.collection;
  CANDID_TRY(CheckCount(request.face_ids));
  CANDID_TRY(CheckSimilarity(request.similarity));
  CANDID_TRY(state_->FindOurs(collection));
  Change change{Unique(request.face_ids), {}, {}, {}, {}};
  std::vector<std::string> more = change.asked;
  more.push_back(fmt::format("{}", request.similarity));
  change.token = TokenOf(caller, "AssociateFaces", request.user, state_->clock, more);
  const OwnedRoom owned = state_->galleries.Own(collection);
  CANDID_ASSIGN(auto earlier, change.Begin(state_->store, request.user));
  if (earlier) return *std::move(earlier);

  const auto judge = [&](const std::string& id) -> Result<Verdict> {
    const auto found = change.found.find(id);
    if (found == change.found.end()) return Verdict{};
    const StoredFace& face = found->second;
    if (face.user_id == request.user.user_id) return Verdict{Fate::kAsItWas, 0, 0};
    if (!face.user_id.empty()) return change.OfAnother(state_->store, collection, face);
    if (change.members.empty()) return Verdict{Fate::kChanged, 0, 0};
    CANDID_ASSIGN(const auto one, state_->store.TemplateAt(face.row));
    const store::StoredTemplate user = VectorOf(change.members);
    const float score =
        decision::FairScore(decision::Cosine(one.vector, user.vector), one.figures, user.figures);
    const double similarity = state_->SimilarityOf(score);
    if (similarity >= request.similarity) return Verdict{Fate::kChanged, 0, 0};
    return Verdict{Fate::kLowMatch, 0, similarity};
  };
  Verdicts verdicts;
  std::vector<store::RowId> rows;
  for (const std::string& id : change.asked) {
    CANDID_ASSIGN(const Verdict verdict, judge(id));
    if (verdict.fate == Fate::kChanged) rows.push_back(change.found.find(id)->second.row);
    verdicts.faces.push_back(verdict);
  }
  const std::size_t faces = change.members.size() + rows.size();
  if (faces > kMaxFacesOfUser) {
    return Fail(
        Code::kExhausted,
        fmt::format("the user would have {} faces: {} are possible, disassociate some first", faces,
                    kMaxFacesOfUser));
  }
  verdicts.has_faces = faces > 0;
  CANDID_ASSIGN(auto outcome, OutcomeOf(state_->store, verdicts, change.asked));
  store::AuditEntry entry = state_->Entry(caller, "AssociateFaces", collection);
  entry.refused = outcome.refused.size();
  CANDID_TRY(state_->store.AssociateFaces(collection, change.user.number, rows, change.token,
                                          Encode(verdicts), std::move(entry)));
  CANDID_TRY(state_->Refresh(*owned.room, collection, change.user.number));
  return outcome;
}

Result<AssociationOutcome> Collections::DisassociateFaces(const Caller& caller,
                                                          const DisassociateRequest& request) {
  const std::string& collection = request.user.collection;
  CANDID_TRY(CheckCount(request.face_ids));
  CANDID_TRY(state_->store.FindCollection(collection));
  Change change{Unique(request.face_ids), {}, {}, {}, {}};
  change.token = TokenOf(caller, "DisassociateFaces", request.user, state_->clock, change.asked);
  const OwnedRoom owned = state_->galleries.Own(collection);
  CANDID_ASSIGN(auto earlier, change.Begin(state_->store, request.user));
  if (earlier) return *std::move(earlier);

  Verdicts verdicts;
  std::vector<store::RowId> rows;
  for (const std::string& id : change.asked) {
    Verdict verdict;
    const auto found = change.found.find(id);
    if (found == change.found.end()) {
      verdict.fate = Fate::kNotFound;
    } else if (found->second.user_id.empty()) {
      verdict.fate = Fate::kAsItWas;
    } else if (found->second.user_id == request.user.user_id) {
      verdict.fate = Fate::kChanged;
      rows.push_back(found->second.row);
    } else {
      CANDID_ASSIGN(verdict, change.OfAnother(state_->store, collection, found->second));
    }
    verdicts.faces.push_back(verdict);
  }
  verdicts.has_faces = change.members.size() > rows.size();
  CANDID_ASSIGN(auto outcome, OutcomeOf(state_->store, verdicts, change.asked));
  store::AuditEntry entry = state_->Entry(caller, "DisassociateFaces", collection);
  entry.refused = outcome.refused.size();
  CANDID_TRY(state_->store.DisassociateFaces(collection, change.user.number, rows, change.token,
                                             Encode(verdicts), std::move(entry)));
  CANDID_TRY(state_->Refresh(*owned.room, collection, change.user.number));
  return outcome;
}

}  // namespace candid::collections
