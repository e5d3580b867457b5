// Search: a face against a collection, or two pictures against each other.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "candid/collections/selection.h"
#include "candid/collections/state.h"
#include "candid/decision/ages.h"
#include "candid/decision/fair_score.h"

namespace candid::collections {
namespace {

// The largest face that passes the filter; faces are ordered by size.
std::optional<std::size_t> Largest(const face::Photo& photo, QualityFilter filter) {
  const Selection selection = Select(photo.faces(), filter, std::nullopt);
  if (selection.chosen.empty()) return std::nullopt;
  return selection.chosen.front();
}

float ScoreOf(const face::Template& a, const face::Template& b) {
  return decision::FairScore(decision::Cosine(a.values, b.values), a.figures, b.figures);
}

face::Timings Sum(face::Timings a, const face::Timings& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

}  // namespace

float FloorOf(const decision::Terms& terms) { return static_cast<float>(terms.score) - 1e-5f; }

Result<decision::Terms> Collections::State::TermsFor(const Collection& collection,
                                                     double similarity,
                                                     std::uint64_t gallery) const {
  decision::Asked asked{similarity, 0, gallery};
  if (!collection.false_alarms.empty()) {
    CANDID_ASSIGN(asked.false_alarms, decision::ParseFalseAlarms(collection.false_alarms));
  }
  auto terms = decision::TermsOf(options.scale, asked);
  if (terms) return terms;
  return Fail(terms.error().WithContext("collection " + collection.id));
}

bool Collections::State::Declines(const face::Template& made) const {
  return !options.match_unsupported_ages && decision::DeclinesAge(made.age, options.scale);
}

std::optional<decision::StatedRate> Collections::State::RateOf(float score) const {
  if (!options.scale.calibrated()) return std::nullopt;
  return options.scale.RateOf(double{score});
}

Result<std::vector<Match>> Collections::State::Matches(const Collection& collection,
                                                       const store::StoredTemplate& probe,
                                                       std::size_t limit,
                                                       const decision::Terms& terms) {
  if (probe.vector.size() != collection.model.dimension) {
    return Fail(Code::kInvalidArgument,
                fmt::format("the probe has {} figures, templates of collection {} have {}",
                            probe.vector.size(), collection.id, collection.model.dimension));
  }
  if (terms.score == std::numeric_limits<double>::infinity()) return std::vector<Match>();
  CANDID_ASSIGN(const auto gallery, galleries.Filled(collection));
  CANDID_ASSIGN(const auto answers,
                gallery->SearchRange({probe.vector, {&probe.figures, 1}}, FloorOf(terms), limit));
  const auto& candidates = answers.front();
  std::vector<store::RowId> rows;
  for (const gallery::Candidate& candidate : candidates) rows.push_back(candidate.key);
  CANDID_ASSIGN(auto faces, store.FacesAt(rows));
  // Faces come in the order of the rows, without those that were deleted since.
  std::vector<Match> matches;
  std::size_t next = 0;
  for (const gallery::Candidate& candidate : candidates) {
    if (next == faces.size()) break;
    if (faces[next].row != candidate.key) continue;
    StoredFace face = std::move(faces[next++]);
    const double similar = SimilarityOf(candidate.score);
    if (!terms.Take(double{candidate.score}, similar)) continue;
    matches.push_back({similar, candidate.score, std::move(face), RateOf(candidate.score)});
  }
  return matches;
}

Result<std::vector<Match>> Collections::SearchByTemplate(const std::string& collection,
                                                         const store::StoredTemplate& probe,
                                                         std::size_t max_faces, double similarity,
                                                         decision::Terms* terms) {
  CANDID_TRY(CheckMatches(max_faces));
  CANDID_TRY(CheckSimilarity(similarity));
  CANDID_ASSIGN(const Collection found, state_->FindOurs(collection));
  CANDID_ASSIGN(const auto applied, state_->TermsFor(found, similarity, found.face_count));
  if (terms != nullptr) *terms = applied;
  return state_->Matches(found, probe, max_faces, applied);
}

Result<SearchOutcome> Collections::SearchByFace(const Caller& caller,
                                                const SearchByFaceRequest& request) {
  const auto search = [&]() -> Result<SearchOutcome> {
    CANDID_TRY(CheckMatches(request.max_faces));
    CANDID_TRY(CheckSimilarity(request.similarity));
    CANDID_ASSIGN(const Collection collection, state_->FindOurs(request.collection));
    CANDID_ASSIGN(const auto asked, state_->store.FindFaces(request.collection, {request.face_id}));
    if (asked.empty()) {
      return Fail(Code::kInvalidArgument, "faceId was not found in the collection.");
    }
    CANDID_ASSIGN(const auto probe, state_->store.TemplateAt(asked.front().row));
    SearchOutcome outcome;
    outcome.model_version = collection.model.version;
    // The face itself is no stranger.
    const std::uint64_t others = std::max<std::uint64_t>(collection.face_count, 1) - 1;
    CANDID_ASSIGN(outcome.terms, state_->TermsFor(collection, request.similarity, others));
    // One more than asked for, as the face itself is found first.
    CANDID_ASSIGN(outcome.matches,
                  state_->Matches(collection, probe, request.max_faces + 1, outcome.terms));
    std::erase_if(outcome.matches,
                  [&](const Match& match) { return match.face.row == asked.front().row; });
    if (outcome.matches.size() > request.max_faces) outcome.matches.resize(request.max_faces);
    return outcome;
  };
  auto outcome = search();
  const std::size_t returned = outcome ? outcome->matches.size() : 0;
  return State::Told(caller, std::move(outcome), returned);
}

Result<SearchOutcome> Collections::SearchByImage(const Caller& caller,
                                                 const SearchByImageRequest& request) {
  const auto search = [&]() -> Result<SearchOutcome> {
    CANDID_TRY(CheckMatches(request.max_faces));
    CANDID_TRY(CheckSimilarity(request.similarity));
    CANDID_ASSIGN(const Collection collection, state_->FindOurs(request.collection));
    CANDID_ASSIGN(const face::Photo photo, state_->Detect(request.image));
    SearchOutcome outcome;
    outcome.model_version = collection.model.version;
    outcome.picture = {photo.info().width, photo.info().height};
    if (const auto largest = Largest(photo, request.filter)) {
      outcome.searched = photo.faces()[*largest];
      CANDID_ASSIGN(const auto probe, state_->pipeline->Embed(photo, {&*largest, 1}));
      CANDID_ASSIGN(
          outcome.matches,
          SearchByTemplate(request.collection, {probe.front().values, probe.front().figures},
                           request.max_faces, request.similarity, &outcome.terms));
      outcome.age_not_supported = state_->Declines(probe.front());
      if (outcome.age_not_supported) outcome.matches.clear();
    }
    outcome.timings = photo.timings();
    return outcome;
  };
  auto outcome = search();
  const std::size_t returned = outcome ? outcome->matches.size() : 0;
  return State::Told(caller, std::move(outcome), returned);
}

Result<CompareOutcome> Collections::Compare(const Caller& caller, const CompareRequest& request) {
  const auto compare = [&]() -> Result<CompareOutcome> {
    CANDID_TRY(CheckSimilarity(request.similarity));
    CANDID_ASSIGN(const face::Photo source, state_->Detect(request.source));
    CANDID_ASSIGN(const face::Photo target, state_->Detect(request.target));
    const auto largest = Largest(source, request.filter);
    if (!largest) return Fail(Code::kInvalidArgument, "the source picture shows no face");
    const Selection selection = Select(target.faces(), request.filter, std::nullopt);
    if (selection.chosen.empty()) {
      return Fail(Code::kInvalidArgument, "the target picture shows no face");
    }
    CANDID_ASSIGN(const auto probe, state_->pipeline->Embed(source, {&*largest, 1}));
    CANDID_ASSIGN(const auto others, state_->pipeline->Embed(target, selection.chosen));
    CompareOutcome outcome;
    outcome.source = {source.info().width, source.info().height};
    outcome.source_face = source.faces()[*largest];
    outcome.target = {target.info().width, target.info().height};
    CANDID_ASSIGN(outcome.terms,
                  decision::TermsOf(state_->options.scale, {request.similarity, 0, others.size()}));
    outcome.age_not_supported = state_->Declines(probe.front());
    for (std::size_t i = 0; i < others.size(); ++i) {
      const float score = ScoreOf(probe.front(), others[i]);
      const double similar = state_->SimilarityOf(score);
      const bool declined = state_->Declines(others[i]);
      const bool matches =
          outcome.terms.Take(double{score}, similar) && !declined && !outcome.age_not_supported;
      (matches ? outcome.matches : outcome.unmatched)
          .push_back({similar, score, target.faces()[selection.chosen[i]], state_->RateOf(score),
                      declined});
    }
    std::stable_sort(outcome.matches.begin(), outcome.matches.end(),
                     [](const auto& a, const auto& b) { return a.score > b.score; });
    outcome.timings = Sum(source.timings(), target.timings());
    return outcome;
  };
  auto outcome = compare();
  const std::size_t returned = outcome ? outcome->matches.size() : 0;
  return State::Told(caller, std::move(outcome), returned);
}

Result<DetectOutcome> Collections::Detect(const Caller& caller, ByteSpan image,
                                          const face::AttributeSet& wanted) {
  const auto detect = [&]() -> Result<DetectOutcome> {
    CANDID_ASSIGN(const face::Photo photo, state_->Detect(image, wanted));
    return DetectOutcome{{photo.info().width, photo.info().height}, photo.faces(), photo.timings()};
  };
  auto outcome = detect();
  const std::size_t returned = outcome ? outcome->faces.size() : 0;
  return State::Told(caller, std::move(outcome), returned);
}

}  // namespace candid::collections
