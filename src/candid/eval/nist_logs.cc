#include "candid/eval/nist_logs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace candid::eval {
namespace {

// NIST's ReturnCode values.
constexpr int kSuccess = 0;
constexpr int kExtractError = 4;
constexpr int kVerifTemplateError = 7;
constexpr int kFaceDetectionError = 8;
constexpr std::size_t kCandidateRows = 20;

int CodeOf(Outcome outcome) {
  if (outcome == Outcome::kEnrolled) return kSuccess;
  return outcome == Outcome::kFaceless ? kFaceDetectionError : kExtractError;
}

// NIST wants no score below zero; only pairs far from any threshold would be.
float Shifted(float score) { return std::max(0.0F, 1 + score); }

std::string NameOf(std::uint32_t image) { return fmt::format("{}.template", image); }

void AddPairs(const std::vector<ScoredPair>& pairs, std::string* out) {
  for (std::size_t p = 0; p < std::min(kLoggedPairs, pairs.size()); ++p) {
    const ScoredPair& pair = pairs[p];
    const bool failed = pair.score == kNoScore;
    fmt::format_to(std::back_inserter(*out), "{} {} {} {}\n", NameOf(pair.a), NameOf(pair.b),
                   failed ? -1.0F : Shifted(pair.score), failed ? kVerifTemplateError : kSuccess);
  }
}

// A searched person's candidates with the mate in its place.
std::vector<Candidate> Candidates(const Search& search) {
  std::vector<Candidate> all = search.others;
  if (search.mate_entry && search.mate != kNoScore) {
    // Behind those that tie with it.
    const auto at = std::partition_point(
        all.begin(), all.end(), [&](const Candidate& c) { return c.score >= search.mate; });
    all.insert(at, {search.mate, *search.mate_entry});
  }
  all.resize(std::min(all.size(), kCandidateRows));
  return all;
}

}  // namespace

std::string EnrolmentLog(const Dataset& dataset, const Enrolment& enrolment) {
  std::string out =
      "id image templateSizeBytes returnCode isLeftEyeAssigned isRightEyeAssigned xleft yleft "
      "xright yright\n";
  for (std::size_t i = 0; i < dataset.images.size(); ++i) {
    const Sample& sample = enrolment.samples[i];
    const bool enrolled = sample.outcome == Outcome::kEnrolled;
    std::string name = dataset.images[i].name;
    std::replace(name.begin(), name.end(), ' ', '_');
    // An unsigned 16-bit pixel; the subject's left eye is the one right in the picture.
    const auto pixel = [](float v) { return static_cast<int>(std::clamp(v, 0.0F, 65535.0F)); };
    const auto& eyes = sample.eyes;
    fmt::format_to(std::back_inserter(out), "{} {} {} {} {} {} {} {} {} {}\n", i, name,
                   enrolled ? enrolment.dimension * sizeof(float) : 0, CodeOf(sample.outcome),
                   int{enrolled}, int{enrolled}, pixel(eyes[1].x), pixel(eyes[1].y),
                   pixel(eyes[0].x), pixel(eyes[0].y));
  }
  return out;
}

std::string MatchLog(const Evaluation& evaluation) {
  std::string out = "enrollTempl verifTempl simScore returnCode\n";
  AddPairs(evaluation.scores.mated, &out);
  AddPairs(evaluation.scores.tail, &out);
  return out;
}

std::string CandidateLog(const Enrolment& enrolment, const Evaluation& evaluation) {
  std::string out = "searchId candidateRank searchRetCode isAssigned templateId score\n";
  const SearchSet& set = *evaluation.searches;
  for (const Search& search : set.searches) {
    const bool failed = enrolment.failed[search.image] != 0;
    const std::vector<Candidate> candidates =
        failed ? std::vector<Candidate>{} : Candidates(search);
    for (std::size_t rank = 0; rank < kCandidateRows; ++rank) {
      const int code = failed ? kVerifTemplateError : kSuccess;
      if (rank < candidates.size()) {
        fmt::format_to(std::back_inserter(out), "{} {} {} 1 {} {}\n", search.image, rank, code,
                       set.gallery[candidates[rank].entry], Shifted(candidates[rank].score));
      } else {
        fmt::format_to(std::back_inserter(out), "{} {} {} 0 NA -1\n", search.image, rank, code);
      }
    }
  }
  return out;
}

}  // namespace candid::eval
