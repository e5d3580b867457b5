#include "candid/eval/trials.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "candid/eval/identification.h"
#include "candid/eval/shuffle.h"
#include "candid/eval/threshold.h"
#include "candid/eval/tsv.h"

namespace candid::eval {
namespace {

constexpr std::uint32_t kAmbiguous = 0xFFFFFFFF;

auto Bad(std::string what) { return Fail(Code::kInvalidArgument, std::move(what)); }

std::vector<std::vector<std::uint32_t>> ImagesOf(std::span<const std::uint32_t> subjects) {
  std::vector<std::vector<std::uint32_t>> images;
  for (std::uint32_t i = 0; i < subjects.size(); ++i) {
    if (subjects[i] >= images.size()) images.resize(subjects[i] + 1);
    images[subjects[i]].push_back(i);
  }
  return images;
}

// `of_blufr` of `all_of_blufr`, or the same share of a smaller number.
std::size_t Scaled(std::size_t number, std::size_t of_blufr, double all_of_blufr) {
  const auto share = static_cast<double>(number) * static_cast<double>(of_blufr) / all_of_blufr;
  return std::min(of_blufr, static_cast<std::size_t>(share));
}

// By path, and by the file's name where only one picture has it.
std::unordered_map<std::string, std::uint32_t> ByName(const Dataset& dataset) {
  std::unordered_map<std::string, std::uint32_t> by_name;
  for (std::uint32_t i = 0; i < dataset.images.size(); ++i) {
    const std::string& path = dataset.images[i].name;
    const auto [at, fresh] = by_name.emplace(path.substr(path.find_last_of('/') + 1), i);
    if (!fresh) at->second = kAmbiguous;
  }
  for (std::uint32_t i = 0; i < dataset.images.size(); ++i) by_name[dataset.images[i].name] = i;
  return by_name;
}

void Verify(const Trial& trial, const LabelledTemplates& templates, const PairScores& scores,
            TrialFigures* out) {
  std::vector<bool> in_test(templates.subjects.size());
  for (const std::uint32_t image : trial.test) in_test[image] = true;
  const auto within = [&](const ScoredPair& pair) { return in_test[pair.a] && in_test[pair.b]; };
  for (const ScoredPair& pair : scores.mated) out->mated_pairs += within(pair) ? 1 : 0;
  const std::uint64_t n = trial.test.size();
  out->impostor_pairs = n * (n - 1) / 2 - out->mated_pairs;
  const double allowed = kBlufrVerificationFar * static_cast<double>(out->impostor_pairs);
  std::vector<float> best;  // one more than may be accepted tells the threshold
  for (auto at = scores.tail.begin();
       at != scores.tail.end() && static_cast<double>(best.size()) <= allowed + 1; ++at) {
    if (within(*at)) best.push_back(at->score);
  }
  out->verification_threshold = ThresholdFor(best, allowed);
  std::uint64_t accepted = 0;
  for (const ScoredPair& pair : scores.mated) {
    if (!(pair.score >= out->verification_threshold)) break;
    accepted += within(pair) ? 1 : 0;
  }
  out->verified = static_cast<double>(accepted) / static_cast<double>(out->mated_pairs);
}

void Identify(const SearchSet& set, TrialFigures* out) {
  out->gallery = set.gallery.size();
  out->mated_searches = set.mated;
  out->non_mated_searches = set.searches.size() - set.mated;
  std::vector<float> best;
  for (const Search& search : set.searches) {
    if (!search.mate_entry) best.push_back(search.best_other.front());
  }
  std::sort(best.begin(), best.end(), std::greater());
  const double allowed = kBlufrSearchFar * static_cast<double>(out->non_mated_searches);
  out->search_threshold = ThresholdFor(best, allowed);
  std::uint64_t found = 0;
  for (const Search& search : set.searches) {
    found += search.mate_entry && search.better == 0 && search.mate >= out->search_threshold;
  }
  out->identified = static_cast<double>(found) / static_cast<double>(set.mated);
}

}  // namespace

Result<std::vector<Trial>> DrawTrials(std::span<const std::uint32_t> subjects, std::uint64_t seed) {
  const auto images = ImagesOf(subjects);
  std::vector<std::uint32_t> people;
  for (std::uint32_t s = 0; s < images.size(); ++s) {
    if (!images[s].empty()) people.push_back(s);
  }
  const std::size_t left_out = Scaled(people.size(), kBlufrLeftOut, kBlufrPeople);
  std::mt19937_64 random(seed);
  std::vector<Trial> trials(kTrials);
  for (Trial& trial : trials) {
    Shuffle(random, &people);
    std::vector<std::uint32_t> several;
    for (std::size_t p = left_out; p < people.size(); ++p) {
      const auto& own = images[people[p]];
      trial.test.insert(trial.test.end(), own.begin(), own.end());
      if (own.size() > 1) several.push_back(people[p]);
    }
    // In the order of the shuffle, so that the first are a random choice.
    several.resize(Scaled(several.size(), kBlufrGallery, kBlufrMated));
    if (several.size() < kLeastGallery) {
      return Bad(fmt::format("{} people with two pictures are too few for a gallery of {}",
                             several.size(), kLeastGallery));
    }
    std::set<std::uint32_t> enrolled;
    for (const std::uint32_t person : several) {
      enrolled.insert(images[person][random() % images[person].size()]);
    }
    trial.gallery.assign(enrolled.begin(), enrolled.end());
    for (const std::uint32_t image : trial.test) {
      if (!enrolled.contains(image)) trial.probes.push_back(image);
    }
  }
  return trials;
}

Result<ListedTrials> ReadTrials(const std::filesystem::path& path, const Dataset& dataset) {
  CANDID_ASSIGN(const Tsv table, ReadTsv(path));
  const auto malformed = [&](std::size_t row, const char* what) {
    return Fail(Code::kMalformed,
                fmt::format("{}: row {}: {}", path.filename().string(), row + 1, what));
  };
  const auto trial_column = table.Column("trial"), role_column = table.Column("role"),
             image_column = table.Column("image");
  if (!trial_column || !role_column || !image_column) {
    return Fail(Code::kMalformed, fmt::format("{} must have the columns trial, role and image",
                                              path.filename().string()));
  }
  const auto by_name = ByName(dataset);
  struct Listed {
    Trial trial;
    std::set<std::uint32_t> seen;
    std::set<std::uint32_t> enrolled;  // people
  };
  std::map<std::string, Listed> trials;
  ListedTrials out;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const auto& row = table.rows[r];
    const std::string& role = row[*role_column];
    if (role != "gallery" && role != "probe" && role != "test") {
      return malformed(r, "the role must be gallery, probe or test");
    }
    Listed& listed = trials[row[*trial_column]];
    const auto image = by_name.find(row[*image_column]);
    if (image == by_name.end() || image->second == kAmbiguous) {
      ++out.missing;
      continue;
    }
    const std::uint32_t i = image->second;
    if (!listed.seen.insert(i).second) return malformed(r, "the picture is twice in one trial");
    if (role == "gallery" && !listed.enrolled.insert(dataset.images[i].subject).second) {
      return malformed(r, "the person is twice in one gallery");
    }
    listed.trial.test.push_back(i);
    if (role == "gallery") listed.trial.gallery.push_back(i);
    if (role == "probe") listed.trial.probes.push_back(i);
  }
  for (auto& [name, listed] : trials) out.trials.push_back(std::move(listed.trial));
  return out;
}

Result<TrialReport> MeasureTrials(const std::vector<Trial>& trials,
                                  const LabelledTemplates& templates, const PairScores& scores,
                                  std::size_t jobs) {
  TrialReport report;
  report.people = std::set(templates.subjects.begin(), templates.subjects.end()).size();
  std::vector<double> verified, identified;
  for (const Trial& trial : trials) {
    TrialFigures figures;
    if (trial.test.size() < 2 || trial.gallery.empty()) return Bad("a trial has no pictures");
    Verify(trial, templates, scores, &figures);
    Identify(SearchFor(templates, trial.gallery, trial.probes, jobs), &figures);
    if (figures.mated_pairs == 0 || figures.mated_searches == 0) {
      return Bad("a trial has nobody with two pictures");
    }
    if (static_cast<double>(figures.impostor_pairs) * kBlufrVerificationFar < 1 ||
        static_cast<double>(figures.non_mated_searches) * kBlufrSearchFar < 1) {
      return Bad(
          fmt::format("FAR {:g} and {:g} want 1,000 impostor pairs and 100 searches of "
                      "people who are not enrolled; a trial has {} and {}",
                      kBlufrVerificationFar, kBlufrSearchFar, figures.impostor_pairs,
                      figures.non_mated_searches));
    }
    verified.push_back(figures.verified);
    identified.push_back(figures.identified);
    report.trials.push_back(figures);
  }
  if (trials.empty()) return Bad("there are no trials");
  report.verified = SpreadOf(verified);
  report.identified = SpreadOf(identified);
  return report;
}

}  // namespace candid::eval
