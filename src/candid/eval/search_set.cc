#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <unordered_map>

#include "candid/decision/fair_score.h"
#include "candid/eval/identification.h"
#include "candid/eval/shuffle.h"
#include "candid/eval/tiles.h"

namespace candid::eval {
namespace {

constexpr std::size_t kMostSizes = 6;

bool Before(const Candidate& x, const Candidate& y) {
  return x.score != y.score ? x.score > y.score : x.entry < y.entry;
}

// Chooses who is enrolled and who searches among the first `fillers_from` images.
Result<SearchSet> Draw(const LabelledTemplates& in, std::uint64_t seed, std::size_t fillers_from) {
  std::vector<std::vector<std::uint32_t>> images;
  for (std::uint32_t i = 0; i < fillers_from; ++i) {
    if (in.subjects[i] >= images.size()) images.resize(in.subjects[i] + 1);
    images[in.subjects[i]].push_back(i);
  }
  std::vector<std::uint32_t> people;
  for (std::uint32_t s = 0; s < images.size(); ++s) {
    if (!images[s].empty()) people.push_back(s);
  }
  if (people.size() / 2 < kLeastGallery) {
    return Fail(Code::kInvalidArgument,
                fmt::format("{} people cannot be halved into a gallery and strangers to it: at "
                            "least {} are needed",
                            people.size(), 2 * kLeastGallery));
  }
  std::mt19937_64 random(seed);
  Shuffle(random, &people);
  SearchSet set;
  const std::size_t enrolled = people.size() / 2;
  for (std::size_t p = 0; p < people.size(); ++p) {
    const auto& own = images[people[p]];
    if (p >= enrolled) {
      for (const std::uint32_t image : own)
        set.searches.push_back({image, people[p], {}, {}, {}, {}, {}});
      continue;
    }
    const std::uint32_t chosen = own[random() % own.size()];
    for (const std::uint32_t image : own) {
      if (image == chosen) continue;
      set.searches.push_back(
          {image, people[p], static_cast<std::uint32_t>(set.gallery.size()), {}, {}, {}, {}});
      ++set.mated;
    }
    set.gallery.push_back(chosen);
  }
  for (auto i = static_cast<std::uint32_t>(fillers_from); i < in.subjects.size(); ++i) {
    if (in.failed[i] == 0) set.gallery.push_back(i);
  }
  for (std::size_t size = set.gallery.size(); size > enrolled; size /= 2) {
    set.sizes.push_back(size);
  }
  const std::size_t beyond = set.sizes.size();
  for (std::size_t size = enrolled; set.sizes.size() < beyond + kMostSizes && size >= kLeastGallery;
       size /= 2) {
    set.sizes.push_back(size);
  }
  return set;
}

// From the scores of all entries.
void Fill(const std::vector<float>& scores, const std::vector<std::size_t>& sizes, Search* search) {
  std::vector<Candidate> others;
  search->best_other.assign(sizes.size(), kNoScore);
  if (search->mate_entry) search->mate = scores[*search->mate_entry];
  for (std::uint32_t entry = 0; entry < scores.size(); ++entry) {
    if (entry == search->mate_entry) continue;
    const float score = scores[entry];
    search->better += score >= search->mate ? 1 : 0;
    for (std::size_t s = 0; s < sizes.size() && entry < sizes[s]; ++s) {
      search->best_other[s] = std::max(search->best_other[s], score);
    }
    if (score != kNoScore) others.push_back({score, entry});
  }
  const std::size_t count = std::min(kCandidates, others.size());
  std::partial_sort(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(count),
                    others.end(), Before);
  search->others.assign(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(count));
}

// Searches for all of `set` in its gallery.
void SearchAll(const LabelledTemplates& in, std::size_t jobs, SearchSet* found) {
  SearchSet& set = *found;
  const auto rows_of = [&](const auto& items, const auto& image_of) {
    std::vector<float> rows;
    rows.reserve(items.size() * in.dimension);
    for (const auto& item : items) {
      const auto row = in.values.subspan(image_of(item) * in.dimension, in.dimension);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    return rows;
  };
  const std::size_t entries = set.gallery.size();
  const Tiles tiles(rows_of(set.gallery, [](std::uint32_t image) { return image; }), in.dimension);
  const auto queries = rows_of(set.searches, [](const Search& search) { return search.image; });
  std::vector<std::vector<float>> scores(set.searches.size());
  ForEachScore(
      tiles, queries, jobs, [](std::size_t) { return std::size_t{0}; },
      [&](std::size_t, std::size_t query, std::size_t entry, float cosine) {
        Search& search = set.searches[query];
        const std::size_t enrolled = set.gallery[entry];
        std::vector<float>& mine = scores[query];
        if (entry == 0) mine.resize(entries);
        const bool scored = in.failed[search.image] == 0 && in.failed[enrolled] == 0;
        mine[entry] = scored ? decision::FairScore(cosine, in.figures_of(search.image),
                                                   in.figures_of(enrolled))
                             : kNoScore;
        if (entry + 1 < entries) return;
        Fill(mine, set.sizes, &search);
        mine = {};
      });
}

}  // namespace

SearchSet SearchFor(const LabelledTemplates& in, std::span<const std::uint32_t> gallery,
                    std::span<const std::uint32_t> probes, std::size_t jobs) {
  SearchSet set;
  set.gallery.assign(gallery.begin(), gallery.end());
  set.sizes = {gallery.size()};
  std::unordered_map<std::uint32_t, std::uint32_t> entry_of;  // by person
  for (std::uint32_t entry = 0; entry < gallery.size(); ++entry) {
    entry_of.emplace(in.subjects[gallery[entry]], entry);
  }
  for (const std::uint32_t image : probes) {
    Search& search = set.searches.emplace_back();
    search.image = image;
    search.subject = in.subjects[image];
    if (const auto mate = entry_of.find(search.subject); mate != entry_of.end()) {
      search.mate_entry = mate->second;
      ++set.mated;
    }
  }
  SearchAll(in, jobs, &set);
  return set;
}

Result<SearchSet> SearchGallery(const LabelledTemplates& in, std::uint64_t seed, std::size_t jobs,
                                std::size_t fillers_from) {
  CANDID_TRY(CheckTemplates(in));
  CANDID_ASSIGN(SearchSet set, Draw(in, seed, std::min(fillers_from, in.subjects.size())));
  SearchAll(in, jobs, &set);
  return set;
}

}  // namespace candid::eval
