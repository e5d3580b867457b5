#include "candid/eval/suspects.h"

#include <algorithm>
#include <map>

namespace candid::eval {
namespace {

float Alike(const PairScores& scores, float stranger) {
  const auto scored =
      std::partition_point(scores.mated.begin(), scores.mated.end(),
                           [](const ScoredPair& pair) { return pair.score != kNoScore; }) -
      scores.mated.begin();
  const float median =
      scored == 0 ? kAlikeWithoutMates : scores.mated[static_cast<std::size_t>(scored / 2)].score;
  return std::max(median, stranger);
}

std::vector<std::uint32_t> FindOutsiders(const PairScores& scores,
                                         std::span<const std::uint32_t> subjects, float stranger) {
  std::vector<float> best(subjects.size(), kNoScore);
  std::vector<float> best_of_subject;
  for (const ScoredPair& pair : scores.mated) {
    best[pair.a] = std::max(best[pair.a], pair.score);
    best[pair.b] = std::max(best[pair.b], pair.score);
    if (subjects[pair.a] >= best_of_subject.size()) {
      best_of_subject.resize(subjects[pair.a] + 1, kNoScore);
    }
    float& whole = best_of_subject[subjects[pair.a]];
    whole = std::max(whole, pair.score);
  }
  std::vector<std::uint32_t> outsiders;
  for (std::uint32_t i = 0; i < subjects.size(); ++i) {
    if (best[i] == kNoScore || best[i] >= stranger) continue;
    if (best_of_subject[subjects[i]] >= stranger) outsiders.push_back(i);
  }
  return outsiders;
}

}  // namespace

Suspects FindSuspects(const PairScores& scores, std::span<const std::uint32_t> subjects,
                      std::span<const Digest> digests, float stranger) {
  Suspects out;
  out.suspect.resize(subjects.size());
  std::map<Digest, std::uint32_t> first;
  for (std::uint32_t i = 0; i < digests.size(); ++i) {
    if (digests[i] == Digest{}) continue;
    const auto [at, fresh] = first.try_emplace(digests[i], i);
    if (!fresh) out.duplicates.push_back({1, at->second, i});
  }
  for (const ScoredPair& pair : out.duplicates) {
    if (subjects[pair.a] != subjects[pair.b]) out.suspect[pair.a] = out.suspect[pair.b] = true;
  }
  out.alike = Alike(scores, stranger);
  for (const ScoredPair& pair : scores.tail) {
    if (pair.score < out.alike) break;
    out.look_alikes.push_back(pair);
    out.suspect[pair.a] = out.suspect[pair.b] = true;
  }
  out.outsiders = FindOutsiders(scores, subjects, stranger);
  for (const std::uint32_t i : out.outsiders) out.suspect[i] = true;
  return out;
}

}  // namespace candid::eval
