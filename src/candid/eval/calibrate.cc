#include "candid/eval/calibrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "candid/decision/ages.h"
#include "candid/eval/calibration_statistic.h"
#include "candid/eval/identification.h"
#include "candid/eval/verification.h"

namespace candid::eval {
namespace {

constexpr double kTopDecade = -1.5;
constexpr double kStep = 0.25;  // of a decade
constexpr double kLeastTop = 1e-3;
// Of every set's pairs; a group's own pairs reach higher than those between groups.
constexpr double kTailShare = 0.05;

// One set with its pairs scored and its people numbered among those of all sets.
struct Scored {
  const CalibrationSet* set = nullptr;
  PairScores pairs;
  std::uint32_t first_person = 0;
  std::uint32_t people = 0;
  std::uint64_t left_out = 0;
};

double Cosine(const LabelledTemplates& templates, std::uint32_t a, std::uint32_t b) {
  const auto row = [&](std::uint32_t i) {
    return templates.values.begin() + static_cast<std::ptrdiff_t>(i * templates.dimension);
  };
  return std::inner_product(row(a), row(a) + static_cast<std::ptrdiff_t>(templates.dimension),
                            row(b), 0.0);
}

Result<Scored> Score(const CalibrationSet& set, std::uint32_t first_person, std::size_t jobs) {
  Scored scored;
  scored.set = &set;
  scored.first_person = first_person;
  PairScoreOptions options;
  options.jobs = jobs;
  options.tail_share = kTailShare;
  CANDID_ASSIGN(scored.pairs, ScoreAllPairs(set.templates, options));
  for (const std::uint32_t subject : set.templates.subjects) {
    scored.people = std::max(scored.people, subject + 1);
  }
  if (set.twins_above) {
    scored.left_out = std::erase_if(scored.pairs.tail, [&](const ScoredPair& pair) {
      return Cosine(set.templates, pair.a, pair.b) >= *set.twins_above;
    });
  }
  return scored;
}

// The pairs of strangers in one set that `in` takes (all images of the group), added to a group.
template <typename In>
void AddPairs(const Scored& scored, const In& in, double top_rate, StrangerPairs* group) {
  std::map<std::uint32_t, double> images;
  const auto& subjects = scored.set->templates.subjects;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    if (in(static_cast<std::uint32_t>(i))) images[subjects[i] + scored.first_person] += 1;
  }
  auto& list = group->images.emplace_back(images.begin(), images.end());
  double sum = 0, squares = 0;
  for (const auto& [person, count] : list) {
    sum += count;
    squares += count * count;
  }
  const double pairs = (sum * sum - squares) / 2;
  group->count += pairs;
  // Somewhat more than the first point needs: resamples shift it.
  const auto most = static_cast<std::size_t>(2 * top_rate * pairs) + kLeastTail;
  std::size_t taken = 0;
  for (const ScoredPair& pair : scored.pairs.tail) {
    if (!in(pair.a) || !in(pair.b)) continue;
    if (++taken > most) break;
    group->best.push_back({pair.score, subjects[pair.a] + scored.first_person,
                           subjects[pair.b] + scored.first_person});
  }
}

// Where sets are joined, the pairs are complete only above the highest of their floors.
void Join(std::span<const Scored> all, StrangerPairs* group) {
  std::stable_sort(group->best.begin(), group->best.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  float floor = -std::numeric_limits<float>::infinity();
  for (const Scored& one : all) {
    if (one.pairs.floor_bin > 0) floor = std::max(floor, ScoreOfBin(one.pairs.floor_bin));
  }
  std::erase_if(group->best, [&](const auto& pair) { return pair.score < floor; });
}

std::size_t PeopleOf(const StrangerPairs& group) {
  std::size_t people = 0;
  for (const auto& set : group.images) people += set.size();
  return people;
}

// Of each person with two images or more in the group: pairs, and those below each point's score.
struct MatedPeople {
  std::vector<std::uint32_t> person;
  std::vector<double> pairs;
  std::vector<std::vector<double>> missed;  // by point, by person
  std::uint64_t count = 0;
};

struct GroupOfSet {
  const Scored* set = nullptr;  // null: everybody
  const Grouping* grouping = nullptr;
  std::uint16_t group = 0;

  bool Takes(const Scored& other, std::uint32_t image) const {
    if (set == nullptr) return true;
    return &other == set && grouping->of_image[image] == group;
  }
};

std::optional<decision::AgesDeclined> CountAges(std::span<const Scored> all, const GroupOfSet& of,
                                                std::optional<double> below) {
  decision::AgesDeclined ages;
  for (const Scored& one : all) {
    for (std::uint32_t i = 0; i < one.set->ages.size(); ++i) {
      if (!one.set->ages[i] || !of.Takes(one, i)) continue;
      ++ages.estimated;
      ages.declined += decision::DeclinesAge(one.set->ages[i], below) ? 1 : 0;
    }
  }
  if (!below || ages.estimated == 0) return std::nullopt;
  return ages;
}

MatedPeople CountMisses(std::span<const Scored> all, const GroupOfSet& of,
                        std::span<const double> scores) {
  MatedPeople out;
  std::map<std::uint32_t, std::vector<float>> by_person;
  for (const Scored& one : all) {
    for (const ScoredPair& pair : one.pairs.mated) {
      if (!of.Takes(one, pair.a) || !of.Takes(one, pair.b)) continue;
      by_person[one.set->templates.subjects[pair.a] + one.first_person].push_back(pair.score);
      ++out.count;
    }
  }
  out.missed.resize(scores.size());
  for (const auto& [person, mated] : by_person) {
    out.person.push_back(person);
    out.pairs.push_back(static_cast<double>(mated.size()));
    for (std::size_t p = 0; p < scores.size(); ++p) {
      out.missed[p].push_back(static_cast<double>(std::count_if(
          mated.begin(), mated.end(), [&](float s) { return !(double{s} >= scores[p]); })));
    }
  }
  return out;
}

// By person: the mean of everybody's share of pairs missed.
double MissRateOf(const MatedPeople& mated, std::size_t point, std::span<const double> weights) {
  double sum = 0, people = 0;
  for (std::size_t k = 0; k < mated.person.size(); ++k) {
    const double weight = weights[mated.person[k]];
    sum += weight * mated.missed[point][k] / mated.pairs[k];
    people += weight;
  }
  return sum / people;
}

std::vector<decision::MissRate> MissesOf(const MatedPeople& mated, std::size_t points,
                                         std::size_t people, const BootstrapOptions& options) {
  std::vector<decision::MissRate> misses;
  if (mated.count == 0) return misses;
  const Replicates replicates =
      Bootstrap(people, points, options, [&](std::span<const double> w, std::span<double> out) {
        for (std::size_t p = 0; p < points; ++p) out[p] = MissRateOf(mated, p, w);
      });
  const std::vector<double> once(people, 1);
  for (std::size_t p = 0; p < points; ++p) {
    const double value = MissRateOf(mated, p, once);
    const Interval interval = replicates.interval(p);
    misses.push_back({value, {std::min(interval.low, value), std::max(interval.high, value)}});
  }
  return misses;
}

// Strictly rising: scores that tie at two rates are moved apart by less than they are printed with.
std::vector<decision::RatePoint> PointsOf(const CalibrationStatistic& statistic, std::size_t g,
                                          std::span<const double> rates,
                                          std::span<const double> plain,
                                          const Replicates& replicates) {
  constexpr double kApart = 2e-6;
  std::vector<decision::RatePoint> points;
  for (std::size_t r = statistic.plan(g).first; r < rates.size(); ++r) {
    const std::size_t figure = statistic.at(g, r);
    double score = plain[figure];
    if (!points.empty()) score = std::max(score, points.back().score + kApart);
    const Interval interval = replicates.interval(figure);
    const auto end = [&](double value, bool low) {
      if (std::isnan(value)) return score;
      return low ? std::min(value, score) : std::max(value, score);
    };
    points.push_back({rates[r], score, {end(interval.low, true), end(interval.high, false)}});
  }
  return points;
}

// Growth: how far searches of strangers in real galleries are from independent comparisons.
struct GrowthCell {
  std::size_t draw = 0;
  std::size_t size = 0;
  double threshold = 0;
  double fmr = 0;
};

constexpr double kGrowthFmrs[] = {1e-3, 1e-4};
constexpr std::uint64_t kDraws = 10;
constexpr double kMostFpir = 0.5;  // above, nearly every search alarms and tells little

double DepartureOf(double fpir, double gallery, double fmr) {
  return std::log1p(-fpir) / (gallery * std::log1p(-fmr));
}

class GrowthStatistic {
 public:
  explicit GrowthStatistic(std::vector<SearchSet> draws) : draws_(std::move(draws)) {}

  // Keeps what can be told: enough alarms, and not nearly all.
  void Add(double threshold, double fmr) {
    for (std::size_t d = 0; d < draws_.size(); ++d) {
      for (std::size_t s = 0; s < draws_[d].sizes.size(); ++s) {
        double alarms = 0, searches = 0;
        for (const Search& search : draws_[d].searches) {
          if (search.mate_entry) continue;
          searches += 1;
          alarms += double{search.best_other[s]} >= threshold ? 1 : 0;
        }
        if (alarms < static_cast<double>(decision::kLeastPairs)) continue;
        if (alarms > kMostFpir * searches) continue;
        cells_.push_back({d, s, threshold, fmr});
      }
    }
  }

  bool empty() const { return cells_.empty(); }

  // The mean over the cells, in logarithms.
  double Measure(std::span<const double> weights) const {
    double sum = 0;
    for (const GrowthCell& cell : cells_) {
      const SearchSet& draw = draws_[cell.draw];
      double alarms = 0, searches = 0;
      for (const Search& search : draw.searches) {
        if (search.mate_entry) continue;
        const double weight = weights[search.subject];
        searches += weight;
        alarms += double{search.best_other[cell.size]} >= cell.threshold ? weight : 0;
      }
      const double fpir = std::clamp(alarms / searches, 1e-9, 1 - 1e-9);
      sum += std::log(DepartureOf(fpir, static_cast<double>(draw.sizes[cell.size]), cell.fmr));
    }
    return std::exp(sum / static_cast<double>(cells_.size()));
  }

  std::vector<std::uint64_t> sizes() const {
    std::vector<std::uint64_t> all;
    for (const GrowthCell& cell : cells_) all.push_back(draws_[cell.draw].sizes[cell.size]);
    std::sort(all.rbegin(), all.rend());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }
  std::uint64_t searches() const {
    std::uint64_t most = 0;
    for (const SearchSet& draw : draws_) {
      most = std::max<std::uint64_t>(most, draw.searches.size() - draw.mated);
    }
    return most;
  }

 private:
  std::vector<SearchSet> draws_;
  std::vector<GrowthCell> cells_;
};

std::optional<decision::Growth> MeasureGrowth(const Scored& scored, const CalibrateOptions& options,
                                              std::vector<std::string>* notes) {
  std::vector<SearchSet> draws;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    auto set =
        SearchGallery(scored.set->templates, options.bootstrap.seed + draw, options.bootstrap.jobs);
    if (!set) {
      notes->push_back(fmt::format("Growth with the gallery: {}.", set.error().message()));
      return std::nullopt;
    }
    draws.push_back(std::move(*set));
  }
  GrowthStatistic statistic(std::move(draws));
  const auto pairs = static_cast<double>(scored.pairs.impostor_pairs);
  for (const double fmr : kGrowthFmrs) {
    const auto rank = static_cast<std::size_t>(fmr * pairs);
    if (rank < decision::kLeastPairs || rank >= scored.pairs.tail.size()) continue;
    statistic.Add(scored.pairs.tail[rank - 1].score, static_cast<double>(rank) / pairs);
  }
  if (statistic.empty()) {
    notes->push_back("Growth with the gallery: too few false alarms to tell it; 1 stands for it.");
    return std::nullopt;
  }
  decision::Growth growth;
  growth.factor = statistic.Measure(std::vector<double>(scored.people, 1));
  const Interval interval = Bootstrap(scored.people, 1, options.bootstrap,
                                      [&](std::span<const double> weights, std::span<double> out) {
                                        out[0] = statistic.Measure(weights);
                                      })
                                .interval(0);
  growth.range = {std::min(interval.low, growth.factor), std::max(interval.high, growth.factor)};
  growth.searches = statistic.searches();
  growth.sizes = statistic.sizes();
  return growth;
}

// Everybody, then each group of each set that is large enough.
struct Listed {
  std::vector<StrangerPairs> pairs;
  std::vector<GroupOfSet> of;
};

Listed ListGroups(std::span<const Scored> all, std::span<const double> rates,
                  std::vector<std::string>* notes) {
  Listed out;
  StrangerPairs& everybody = out.pairs.emplace_back();
  everybody.name = decision::kEverybody;
  for (const Scored& one : all) {
    AddPairs(one, [](std::uint32_t) { return true; }, rates.front(), &everybody);
  }
  Join(all, &everybody);
  out.of.push_back({});
  for (const Scored& one : all) {
    for (const Grouping& grouping : one.set->groupings) {
      for (std::size_t g = 0; g < grouping.groups.size(); ++g) {
        const GroupOfSet of{&one, &grouping, static_cast<std::uint16_t>(g)};
        StrangerPairs group;
        group.name = fmt::format("{}: {}", one.set->name, grouping.groups[g]);
        AddPairs(one, [&](std::uint32_t i) { return of.Takes(one, i); }, rates.front(), &group);
        const std::size_t people = PeopleOf(group);
        const CalibrationStatistic alone({&group, 1}, rates);
        const auto& plan = alone.plan(0);
        if (people < kLeastGroup || plan.extrapolated == plan.first ||
            rates[plan.first] < kLeastTop || plan.tail < decision::kLeastPairs) {
          notes->push_back(fmt::format("{}: {} people are too few, left out.", group.name, people));
          continue;
        }
        out.pairs.push_back(std::move(group));
        out.of.push_back(of);
      }
    }
  }
  return out;
}

}  // namespace

std::vector<double> CalibrationRates(double limit) {
  std::vector<double> rates;
  for (int k = 0;; ++k) {
    const double rate = std::pow(10, kTopDecade - kStep * k);
    if (rate <= limit * (1 + 1e-9)) break;
    rates.push_back(rate);
  }
  rates.push_back(limit);
  return rates;
}

Result<CalibrateOutcome> Calibrate(std::span<const CalibrationSet> sets,
                                   const CalibrateOptions& options,
                                   const std::function<void(std::string_view)>& stage) {
  if (sets.empty()) return Fail(Code::kInvalidArgument, "there is no data set to calibrate on");
  if (!(options.limit >= 1e-12 && options.limit <= 1e-6)) {
    return Fail(Code::kInvalidArgument, "the limit is a rate of 1e-12 to 1e-6");
  }
  CalibrateOutcome out;
  const std::vector<double> rates = CalibrationRates(options.limit);
  std::vector<Scored> all;
  std::uint32_t people = 0;
  for (const CalibrationSet& set : sets) {
    stage(fmt::format("{}: scoring all pairs", set.name));
    CANDID_ASSIGN(auto scored, Score(set, people, options.bootstrap.jobs));
    people += scored.people;
    out.table.data.push_back({set.name, scored.people, set.templates.subjects.size(),
                              static_cast<std::uint64_t>(std::count_if(
                                  set.templates.failed.begin(), set.templates.failed.end(),
                                  [](std::uint8_t f) { return f != 0; })),
                              scored.left_out});
    all.push_back(std::move(scored));
  }
  Listed listed = ListGroups(all, rates, &out.notes);
  stage("scores of rates and their intervals");
  const CalibrationStatistic statistic(listed.pairs, rates);
  const auto& plan = statistic.plan(0);
  if (plan.extrapolated == plan.first || rates[plan.first] < kLeastTop ||
      plan.tail < decision::kLeastPairs) {
    return Fail(Code::kInvalidArgument,
                fmt::format("{:.0f} pairs of strangers are too few: an FMR of {:.2g} wants {:.0f}",
                            listed.pairs[0].count, rates.front(),
                            std::ceil(decision::kLeastPairs / rates.front())));
  }
  const std::vector<double> once(people, 1);
  std::vector<double> plain(statistic.figures());
  statistic.Measure(once, plain);
  const Replicates replicates =
      Bootstrap(people, statistic.figures(), options.bootstrap,
                [&](std::span<const double> weights, std::span<double> figures) {
                  statistic.Measure(weights, figures);
                });
  for (std::size_t g = 0; g < listed.pairs.size(); ++g) {
    decision::GroupCalibration group;
    group.name = listed.pairs[g].name;
    group.people = PeopleOf(listed.pairs[g]);
    group.impostor_pairs = static_cast<std::uint64_t>(listed.pairs[g].count);
    group.measured_to = rates[statistic.plan(g).extrapolated - 1];
    group.points = PointsOf(statistic, g, rates, plain, replicates);
    if (g == 0) group.tail = statistic.Tail(once);
    std::vector<double> scores;
    for (const decision::RatePoint& point : group.points) scores.push_back(point.score);
    const MatedPeople mated = CountMisses(all, listed.of[g], scores);
    group.mated_pairs = mated.count;
    group.ages = CountAges(all, listed.of[g], options.decline_below_age);
    group.misses = MissesOf(mated, scores.size(), people, options.bootstrap);
    out.table.groups.push_back(std::move(group));
  }
  stage("growth with the gallery");
  if (auto growth = MeasureGrowth(all.front(), options, &out.notes)) out.table.growth = *growth;
  out.table.limit = options.limit;
  out.table.decline_below_age = options.decline_below_age;
  return out;
}

}  // namespace candid::eval
