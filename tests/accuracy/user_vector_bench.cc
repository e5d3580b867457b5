// user_vector_bench PACK.TOML LFW-DEV CACHE: which vector of a user's faces finds the user best.
//
// People with at least four photos become users of k of them, drawn five times; their other photos
// (of a person's first twelve) are searched with, and so is one photo of everybody else, a
// stranger. CACHE is a folder that keeps the templates for the next run. docs/users.md has the
// figures.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <numeric>
#include <random>
#include <span>
#include <thread>

#include "candid/base/files.h"
#include "candid/decision/fair_score.h"
#include "candid/decision/scale.h"
#include "candid/eval/bootstrap.h"
#include "candid/eval/enrolment.h"

namespace candid {
namespace {

constexpr std::size_t kLeastPhotos = 4;
constexpr std::size_t kMostPhotos = 12;
constexpr int kDraws = 5;
constexpr double kFpir = 1e-2;
constexpr double kFmr = 1e-4;

enum Way { kMean, kWeighted, kMeanScore, kBest, kWays };
constexpr const char* kNames[kWays] = {"mean", "weighted mean", "mean of scores", "best of all"};
constexpr std::size_t kEnrolled[] = {1, 2, 3, 5};

struct Vector {
  std::vector<double> values;
  Figures figures;
};

struct Photos {
  const eval::Enrolment& enrolment;
  std::span<const float> values(std::size_t photo) const {
    return std::span(enrolment.values).subspan(photo * enrolment.dimension, enrolment.dimension);
  }
  const Figures& figures(std::size_t photo) const { return enrolment.figures[photo]; }
  double usefulness(std::size_t photo) const { return enrolment.samples[photo].usefulness; }
};

// What a user is compared by: the best of these.
std::vector<Vector> VectorsOf(const Photos& photos, std::span<const std::size_t> faces, Way way) {
  std::vector<Vector> all;
  Vector sum{std::vector<double>(photos.enrolment.dimension), {0, 0}};
  double weights = 0;
  for (const std::size_t face : faces) {
    const auto values = photos.values(face);
    const Figures& figures = photos.figures(face);
    all.push_back({{values.begin(), values.end()}, figures});
    const double weight = way == kWeighted ? photos.usefulness(face) + 1e-3 : 1;
    for (std::size_t d = 0; d < values.size(); ++d) sum.values[d] += weight * double{values[d]};
    weights += weight;
    sum.figures.mean += figures.mean / static_cast<float>(faces.size());
    sum.figures.deviation += figures.deviation / static_cast<float>(faces.size());
  }
  if (way == kBest) return all;
  const auto& values = sum.values;
  const double length =
      way == kMeanScore
          ? weights
          : std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
  for (double& value : sum.values) value /= length;
  return {sum};
}

// The best fair score of a photo and a user.
double ScoreOf(const Photos& photos, std::size_t photo, std::span<const Vector> user) {
  double best = -std::numeric_limits<double>::infinity();
  const auto values = photos.values(photo);
  for (const Vector& one : user) {
    const double cosine = std::inner_product(values.begin(), values.end(), one.values.begin(), 0.0);
    best = std::max<double>(
        best, decision::FairScore(static_cast<float>(cosine), photos.figures(photo), one.figures));
  }
  return best;
}

// One draw's scores.
struct Scores {
  std::vector<std::vector<double>> mated;               // of each user, ascending
  std::vector<double> best;                             // of each stranger
  std::vector<std::pair<double, std::size_t>> foreign;  // the highest, descending; whose probe
  std::size_t pairs = 0;                                // of strangers and users
};

struct Person {
  std::vector<std::size_t> photos;  // those with a face
};

Scores Measure(const Photos& photos, const std::vector<Person>& users,
               const std::vector<std::size_t>& strangers, std::size_t enrolled, Way way, int draw) {
  Scores scores;
  std::vector<std::vector<Vector>> vectors;
  for (std::size_t u = 0; u < users.size(); ++u) {
    std::vector<std::size_t> order = users[u].photos;
    std::mt19937_64 random(u * 1000 + static_cast<std::size_t>(draw));
    std::shuffle(order.begin(), order.end(), random);
    vectors.push_back(VectorsOf(photos, std::span(order).first(enrolled), way));
    auto& mated = scores.mated.emplace_back();
    for (const std::size_t probe : std::span(order).subspan(enrolled)) {
      mated.push_back(ScoreOf(photos, probe, vectors.back()));
    }
    std::sort(mated.begin(), mated.end());
  }
  for (std::size_t s = 0; s < strangers.size(); ++s) {
    double highest = -std::numeric_limits<double>::infinity();
    for (const auto& user : vectors) {
      const double score = ScoreOf(photos, strangers[s], user);
      scores.foreign.emplace_back(score, s);
      highest = std::max(highest, score);
    }
    scores.best.push_back(highest);
  }
  scores.pairs = scores.foreign.size();
  // Ten times what the rate needs: a resample may weigh the highest ones lightly.
  const auto kept = static_cast<std::ptrdiff_t>(static_cast<double>(scores.pairs) * kFmr * 10);
  std::partial_sort(scores.foreign.begin(), scores.foreign.begin() + kept, scores.foreign.end(),
                    std::greater<>());
  scores.foreign.resize(static_cast<std::size_t>(kept));
  return scores;
}

// The least score that lets through no more than the share `rate` of the weight. `descending` are
// score and owner of a weight.
double Threshold(std::span<const std::pair<double, std::size_t>> descending,
                 std::span<const double> weights, double allowed) {
  double passed = 0;
  for (const auto& [score, owner] : descending) {
    passed += weights[owner];
    if (passed > allowed) return std::nextafter(score, 2.0);
  }
  return descending.empty() ? 1 : descending.back().first;
}

double ShareBelow(const std::vector<double>& ascending, double threshold) {
  const auto below = std::lower_bound(ascending.begin(), ascending.end(), threshold);
  return static_cast<double>(below - ascending.begin()) / static_cast<double>(ascending.size());
}

enum Figure { kFnir, kTar, kFpirInUse, kFigures };

// Means over the draws. Weights: of users, then of strangers.
std::array<double, kFigures> Figures(const std::vector<Scores>& draws,
                                     std::span<const double> weights, double in_use) {
  std::array<double, kFigures> figures{};
  const std::size_t users = draws.front().mated.size();
  const auto of_users = weights.first(users), of_strangers = weights.subspan(users);
  const double all_users = std::accumulate(of_users.begin(), of_users.end(), 0.0);
  const double all_strangers = std::accumulate(of_strangers.begin(), of_strangers.end(), 0.0);
  for (const Scores& scores : draws) {
    std::vector<std::pair<double, std::size_t>> best;
    for (std::size_t s = 0; s < scores.best.size(); ++s) best.emplace_back(scores.best[s], s);
    std::sort(best.begin(), best.end(), std::greater<>());
    const double search = Threshold(best, of_strangers, kFpir * all_strangers);
    const double compare =
        Threshold(scores.foreign, of_strangers, kFmr * all_strangers * static_cast<double>(users));
    double missed = 0, accepted = 0, alarms = 0;
    for (std::size_t u = 0; u < users; ++u) {
      missed += of_users[u] * ShareBelow(scores.mated[u], search);
      accepted += of_users[u] * (1 - ShareBelow(scores.mated[u], compare));
    }
    for (const auto& [score, owner] : best) {
      if (score >= in_use) alarms += of_strangers[owner];
    }
    figures[kFnir] += missed / all_users / kDraws;
    figures[kTar] += accepted / all_users / kDraws;
    figures[kFpirInUse] += alarms / all_strangers / kDraws;
  }
  return figures;
}

void Report(const Photos& photos, const std::vector<Person>& people,
            const std::vector<std::size_t>& strangers, std::size_t enrolled, double in_use) {
  std::vector<Person> users;
  for (const Person& person : people) {
    if (person.photos.size() > enrolled) users.push_back(person);
  }
  std::vector<std::vector<Scores>> ways(kWays);
  for (int way = 0; way < (enrolled == 1 ? 1 : kWays); ++way) {
    for (int draw = 0; draw < kDraws; ++draw) {
      ways[way].push_back(Measure(photos, users, strangers, enrolled, static_cast<Way>(way), draw));
    }
  }
  const std::size_t count = users.size() + strangers.size();
  // Of each way its figures, then what its FNIR has over the mean's.
  constexpr std::size_t kColumns = kFigures + 1;
  const eval::Statistic statistic = [&](std::span<const double> weights, std::span<double> out) {
    for (std::size_t way = 0; way < kWays; ++way) {
      if (ways[way].empty()) continue;
      const auto figures = Figures(ways[way], weights, in_use);
      std::copy(figures.begin(), figures.end(), out.begin() + way * kColumns);
      out[way * kColumns + kFigures] = figures[kFnir] - out[kFnir];
    }
  };
  std::vector<double> values(kWays * kColumns);
  statistic(std::vector<double>(count, 1.0), values);
  const unsigned jobs = std::max(1u, std::thread::hardware_concurrency());
  const auto replicates = eval::Bootstrap(count, values.size(), {1, 300, jobs}, statistic);
  for (std::size_t way = 0; way < kWays; ++way) {
    if (ways[way].empty()) continue;
    fmt::print("{} {:6} {:15}", enrolled, users.size(), kNames[way]);
    for (std::size_t column = way * kColumns; column < (way + 1) * kColumns; ++column) {
      const auto interval = replicates.interval(column);
      fmt::print("  {:6.2f} [{:6.2f}, {:6.2f}]", 100 * values[column], 100 * interval.low,
                 100 * interval.high);
    }
    fmt::print("\n");
    std::fflush(stdout);
  }
}

// Leaves out the photos that nothing is done with: making templates takes most of the time.
void Thin(eval::Dataset* dataset) {
  std::vector<std::size_t> of_subject(dataset->subjects), seen(dataset->subjects);
  for (const auto& image : dataset->images) ++of_subject[image.subject];
  std::erase_if(dataset->images, [&](const eval::LabelledImage& image) {
    const bool user = of_subject[image.subject] >= kLeastPhotos;
    return seen[image.subject]++ >= (user ? kMostPhotos : 1);
  });
  dataset->groupings.clear();
  dataset->pairs.clear();
}

// The score of similarity 80, by the pack's table.
Result<double> ScoreInUse(const models::Pack& pack) {
  if (pack.calibration.empty()) return decision::Scale().ScoreOf(80);
  CANDID_ASSIGN(const Bytes text, ReadFile(pack.calibration, models::kMaxCalibrationBytes));
  CANDID_ASSIGN(auto table, decision::ParseCalibration(text, pack.calibration.string()));
  return decision::Scale(std::move(table)).ScoreOf(80);
}

Status Main(char** arguments) {
  CANDID_ASSIGN(const auto pack, models::ReadManifest(arguments[1]));
  CANDID_ASSIGN(const auto pipeline, face::Pipeline::Create(pack));
  CANDID_ASSIGN(const double in_use, ScoreInUse(pack));
  CANDID_ASSIGN(auto dataset, eval::ListDataset(arguments[2]));
  Thin(&dataset);
  CANDID_ASSIGN(
      const auto cache,
      eval::TemplateCache::Open(
          arguments[3], {pipeline->model_hash(), std::string(infer::NameOf(infer::BestPrecision())),
                         pipeline->dimension(), 0}));
  CANDID_ASSIGN(const auto enrolment,
                eval::EnrolAll(*pipeline, dataset,
                               {std::max(1u, std::thread::hardware_concurrency()), 0, cache.get()},
                               [](std::size_t) { return true; }));
  std::vector<Person> everyone(dataset.subjects);
  for (std::size_t i = 0; i < enrolment.failed.size(); ++i) {
    if (!enrolment.failed[i]) everyone[enrolment.subjects[i]].photos.push_back(i);
  }
  std::vector<Person> people;
  std::vector<std::size_t> strangers;
  for (Person& person : everyone) {
    if (person.photos.size() >= kLeastPhotos) {
      people.push_back(std::move(person));
    } else if (!person.photos.empty()) {
      strangers.push_back(person.photos.front());
    }
  }
  fmt::print("model {:.16}; {} strangers; photos without a face: {}\n", pipeline->model_hash(),
             strangers.size(), enrolment.failures());
  fmt::print("%: FNIR at FPIR 1; TAR at FMR 0.01; FPIR at similarity 80; FNIR less the mean's\n");
  for (const std::size_t enrolled : kEnrolled) {
    Report({enrolment}, people, strangers, enrolled, in_use);
  }
  return {};
}

}  // namespace
}  // namespace candid

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: user_vector_bench PACK.TOML LFW-DEV CACHE\n");
    return 2;
  }
  const candid::Status done = candid::Main(argv);
  if (done) return 0;
  fmt::print(stderr, "{}\n", done.error().message());
  return 1;
}
