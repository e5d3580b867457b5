#include "candid/eval/pair_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "candid/decision/fair_score.h"
#include "candid/eval/dataset.h"
#include "candid/eval/tiles.h"

namespace candid::eval {
namespace {

constexpr float kReach = 2;  // of the bins

// Best first; pairs without a score last.
bool Before(const ScoredPair& x, const ScoredPair& y) {
  if (x.score != y.score) return x.score > y.score;
  return x.a != y.a ? x.a < y.a : x.b < y.b;
}

// Calls visit(thread, a, b, score) for every a < b.
template <typename Visit>
void ForEachPair(const LabelledTemplates& in, const Tiles& tiles, std::size_t jobs,
                 const Visit& visit) {
  const auto score = [&](std::size_t thread, std::size_t a, std::size_t b, float cosine) {
    visit(thread, a, b, decision::FairScore(cosine, in.figures_of(a), in.figures_of(b)));
  };
  ForEachScore(tiles, in.values, jobs, [](std::size_t a) { return a + 1; }, score);
}

// What one thread of the first pass gathers.
struct Gathered {
  std::vector<ScoredPair> mated;
  std::vector<std::uint64_t> mated_bins = std::vector<std::uint64_t>(kScoreBins);
  std::vector<std::uint64_t> impostor_bins = std::vector<std::uint64_t>(kScoreBins);
};

void AddUp(const std::vector<std::uint64_t>& from, std::vector<std::uint64_t>* to) {
  for (std::size_t i = 0; i < from.size(); ++i) (*to)[i] += from[i];
}

// The lowest bin of the tail.
std::size_t FloorBin(const std::vector<std::uint64_t>& bins, std::uint64_t wanted, float down_to) {
  const std::size_t asked = ScoreBin(std::clamp(down_to, -kReach, kReach));
  std::uint64_t above = 0;
  std::size_t bin = kScoreBins;
  while (bin > 0 && (above < wanted || bin > asked) && above + bins[bin - 1] <= kLongestTail) {
    above += bins[--bin];
  }
  return bin;
}

std::uint64_t CountMated(std::span<const std::uint32_t> subjects) {
  std::vector<std::uint64_t> images;
  for (const std::uint32_t subject : subjects) {
    if (subject >= images.size()) images.resize(subject + 1);
    ++images[subject];
  }
  std::uint64_t pairs = 0;
  for (const std::uint64_t count : images) pairs += count * (count - 1) / 2;
  return pairs;
}

}  // namespace

std::size_t ScoreBin(float score) {
  const float position = (score + kReach) * (kScoreBins / (2 * kReach));
  return static_cast<std::size_t>(std::clamp(position, 0.0F, float{kScoreBins - 1}));
}

float ScoreOfBin(std::size_t bin) {
  return static_cast<float>(bin) / (kScoreBins / (2 * kReach)) - kReach;
}

Status CheckTemplates(const LabelledTemplates& in) {
  const std::size_t n = in.subjects.size();
  const auto bad = [](std::string what) { return Fail(Code::kInvalidArgument, std::move(what)); };
  if (n > kMaxImages) {
    return bad(fmt::format("at most {} images, not {}: evaluate a part of them", kMaxImages, n));
  }
  if (in.dimension < 1 || in.dimension > 4096) {
    return bad(fmt::format("the templates' dimension must be 1..4096, not {}", in.dimension));
  }
  if (in.failed.size() != n || in.values.size() != n * in.dimension ||
      (!in.figures.empty() && in.figures.size() != n)) {
    return bad("templates, figures, subjects and failure flags must describe the same images");
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (in.subjects[i] >= kMaxImages) {
      return bad(fmt::format("subjects are numbered from 0 to {}", kMaxImages - 1));
    }
    if (in.failed[i] != 0) continue;
    if (!InRange(in.figures_of(i))) {
      return bad(fmt::format("the figures of template {} are out of their range", i));
    }
    double square = 0;
    for (const float v : in.values.subspan(i * in.dimension, in.dimension)) {
      square += double{v} * double{v};
    }
    if (!(std::abs(square - 1) <= 2e-3)) {
      return bad(fmt::format("template {} is not of unit length: normalise it", i));
    }
  }
  return {};
}

Result<PairScores> ScoreAllPairs(const LabelledTemplates& in, const PairScoreOptions& options) {
  CANDID_TRY(CheckTemplates(in));
  if (!(options.tail_share >= 0 && options.tail_share <= 1)) {
    return Fail(Code::kInvalidArgument, "the tail is a share of 0 to 1 of the impostor pairs");
  }
  PairScores out;
  const std::uint64_t n = in.subjects.size();
  out.mated_pairs = CountMated(in.subjects);
  out.impostor_pairs = n < 2 ? 0 : n * (n - 1) / 2 - out.mated_pairs;
  if (out.mated_pairs > kMostMatedPairs) {
    return Fail(Code::kInvalidArgument,
                fmt::format("at most {} mated pairs, not {}: cap the images of a subject",
                            kMostMatedPairs, out.mated_pairs));
  }
  const Tiles tiles(in.values, in.dimension);
  const std::size_t jobs = std::max<std::size_t>(options.jobs, 1);
  std::vector<Gathered> gathered(jobs);
  ForEachPair(in, tiles, jobs, [&](std::size_t thread, std::size_t a, std::size_t b, float score) {
    Gathered& mine = gathered[thread];
    const bool scored = in.failed[a] == 0 && in.failed[b] == 0;
    if (in.subjects[a] == in.subjects[b]) {
      mine.mated.push_back({scored ? score : kNoScore, static_cast<std::uint32_t>(a),
                            static_cast<std::uint32_t>(b)});
      if (scored) ++mine.mated_bins[ScoreBin(score)];
    } else if (scored) {
      ++mine.impostor_bins[ScoreBin(score)];
    }
  });
  out.mated_bins.resize(kScoreBins);
  out.impostor_bins.resize(kScoreBins);
  out.mated.reserve(out.mated_pairs);
  for (const Gathered& one : gathered) {
    AddUp(one.mated_bins, &out.mated_bins);
    AddUp(one.impostor_bins, &out.impostor_bins);
    out.mated.insert(out.mated.end(), one.mated.begin(), one.mated.end());
  }
  gathered.clear();
  std::sort(out.mated.begin(), out.mated.end(), Before);

  const auto wanted = static_cast<std::uint64_t>(
      std::ceil(options.tail_share * static_cast<double>(out.impostor_pairs)));
  out.floor_bin =
      FloorBin(out.impostor_bins, std::max<std::uint64_t>(wanted, kLeastTail), options.down_to);
  std::vector<std::vector<ScoredPair>> tails(jobs);
  ForEachPair(in, tiles, jobs, [&](std::size_t thread, std::size_t a, std::size_t b, float score) {
    if (in.failed[a] != 0 || in.failed[b] != 0 || in.subjects[a] == in.subjects[b]) return;
    if (ScoreBin(score) < out.floor_bin) return;
    tails[thread].push_back({score, static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b)});
  });
  for (auto& part : tails) {
    out.tail.insert(out.tail.end(), part.begin(), part.end());
    part = {};
  }
  std::sort(out.tail.begin(), out.tail.end(), Before);
  return out;
}

}  // namespace candid::eval
