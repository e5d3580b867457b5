// usefulness_bench PACK.TOML LFW-DEV CFP-DEV: whether face::UsefulnessOf says which templates fail.
//
// Each subject's photos are compared with each other as they came; those of LFW also after
// shrinking, blurring, darkening, overexposing and compressing them at random. Subjects are split
// in two: on the even ones the weights are fitted (printed: assess.cc holds them) and the threshold
// for a false-match rate of 1e-4 is set, on the odd ones everything else is measured.
// docs/quality.md has the figures.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <numeric>
#include <random>
#include <thread>

#include "candid/base/files.h"
#include "candid/face/assess.h"
#include "candid/face/pipeline.h"
#include "candid/image/encode.h"
#include "candid/image/resample.h"

namespace candid {
namespace {

constexpr std::size_t kPhotosPerSubject = 3;  // of a kind, so that no one person decides
constexpr double kFmr = 1e-4;
constexpr double kCfpBorder = 0.3;  // its photos are cut at the chin

enum Kind { kAsIs, kDegraded, kFrontal, kProfile, kKinds };
constexpr const char* kNames[kKinds] = {"LFW as it is", "LFW degraded", "CFP frontal",
                                        "CFP profile"};

struct Job {
  std::filesystem::path path;
  int subject = 0;
  Kind kind = kAsIs;
  unsigned seed = 0;  // of the degradation
};

struct Probe {
  Job job;
  bool found = false;
  face::Face face;
  std::vector<float> values;
  double accepted = 0;  // share of its mated comparisons at the threshold
};

// Photos by subject, both in order of name.
std::vector<std::vector<std::filesystem::path>> ListSubjects(const std::filesystem::path& folder) {
  std::map<std::filesystem::path, std::vector<std::filesystem::path>> by_folder;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "images")) {
    if (entry.path().extension() == ".jpg") {
      by_folder[entry.path().parent_path()].push_back(entry.path());
    }
  }
  std::vector<std::vector<std::filesystem::path>> subjects;
  for (auto& [name, photos] : by_folder) {
    std::sort(photos.begin(), photos.end());
    subjects.push_back(std::move(photos));
  }
  return subjects;
}

std::vector<Job> ListJobs(const std::filesystem::path& lfw, const std::filesystem::path& cfp) {
  std::vector<Job> jobs;
  int subject = 0;
  unsigned seed = 1;
  for (const auto& photos : ListSubjects(lfw)) {
    if (photos.size() < 2) continue;
    for (std::size_t i = 0; i < std::min(kPhotosPerSubject, photos.size()); ++i) {
      jobs.push_back({photos[i], subject, kAsIs, 0});
      jobs.push_back({photos[i], subject, kDegraded, seed++});
    }
    ++subject;
  }
  for (const auto& photos : ListSubjects(cfp)) {
    std::array<std::size_t, kKinds> taken{};
    for (const auto& photo : photos) {
      const Kind kind = photo.filename().string().starts_with("profile") ? kProfile : kFrontal;
      if (taken[kind]++ < kPhotosPerSubject) jobs.push_back({photo, subject, kind, 0});
    }
    ++subject;
  }
  return jobs;
}

Bytes Degrade(image::Image picture, unsigned seed) {
  std::mt19937 random(seed);
  const auto draw = [&random](double from, double to) {
    return from + (to - from) * (static_cast<double>(random()) / 4294967296.0);
  };
  const auto resize = [](const image::Image& from, double factor) {
    return image::Resize(from, static_cast<int>(from.width * factor),
                         static_cast<int>(from.height * factor));
  };
  if (draw(0, 1) < 0.4) {
    const int width = picture.width, height = picture.height;
    picture = image::Resize(resize(picture, 1 / draw(1.5, 6)), width, height);
  }
  // A face of LFW is about 112 pixels high.
  if (draw(0, 1) < 0.5) {
    picture = resize(picture, std::exp(draw(std::log(18), std::log(110))) / 112);
  }
  const double light = draw(0, 1);
  const double gain = light < 0.3   ? std::exp(draw(std::log(0.04), 0))
                      : light < 0.5 ? draw(1, 3.5)
                                    : 1;
  // In the dark noise stays while the signal goes.
  std::normal_distribution<double> noise(0, gain < 1 ? 3 : 1e-3);
  for (std::uint8_t& value : picture.rgb) {
    value = static_cast<std::uint8_t>(std::clamp(value * gain + noise(random), 0.0, 255.0));
  }
  return *image::EncodeJpeg(picture, static_cast<int>(draw(30, 95)));
}

Bytes WithBorder(const image::Image& picture) {
  const int border = static_cast<int>(std::max(picture.width, picture.height) * kCfpBorder);
  return *image::EncodeJpeg(
      image::Warp(picture, {1, 0, double(-border), 0, 1, double(-border)},
                  picture.width + 2 * border, picture.height + 2 * border, 96),
      95);
}

Probe Observe(const face::Pipeline& pipeline, const Job& job) {
  Probe probe{.job = job, .found = false, .face = {}, .values = {}, .accepted = 0};
  Bytes file = *ReadFile(job.path, 1 << 24);
  if (job.kind != kAsIs) {
    const auto source = image::Source::Open(file);
    const auto picture = source ? source->Decode() : Fail(source.error());
    if (!picture) return probe;
    file = job.kind == kDegraded ? Degrade(*picture, job.seed) : WithBorder(*picture);
  }
  const auto photo = pipeline.Detect(file);
  if (!photo || photo->faces().empty()) return probe;
  // The subject is in the middle.
  const auto distance = [&](const face::Face& face) {
    return std::hypot(
        face.box.left + face.box.width / 2 - static_cast<float>(photo->info().width) / 2,
        face.box.top + face.box.height / 2 - static_cast<float>(photo->info().height) / 2);
  };
  std::size_t nearest = 0;
  for (std::size_t i = 1; i < photo->faces().size(); ++i) {
    if (distance(photo->faces()[i]) < distance(photo->faces()[nearest])) nearest = i;
  }
  probe.found = true;
  probe.face = photo->faces()[nearest];
  probe.values = std::move(pipeline.Embed(*photo, std::array{nearest})->front().values);
  return probe;
}

std::vector<Probe> ObserveAll(const face::Pipeline& pipeline, const std::vector<Job>& jobs) {
  std::vector<Probe> probes(jobs.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < jobs.size(); i = next++) {
      probes[i] = Observe(pipeline, jobs[i]);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i) {
    threads.emplace_back(work);
  }
  for (std::thread& thread : threads) thread.join();
  return probes;
}

double Dot(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

bool IsReference(const Probe& probe) {
  return probe.found && (probe.job.kind == kAsIs || probe.job.kind == kFrontal);
}

bool ForFitting(const Probe& probe) { return probe.job.subject % 2 == 0; }

// Between the even subjects' photos of LFW as they are.
double Threshold(const std::vector<Probe>& probes) {
  std::vector<double> strangers;
  for (const Probe& a : probes) {
    if (!a.found || a.job.kind != kAsIs || !ForFitting(a)) continue;
    for (const Probe& b : probes) {
      if (b.found && b.job.kind == kAsIs && ForFitting(b) && a.job.subject < b.job.subject) {
        strangers.push_back(Dot(a.values, b.values));
      }
    }
  }
  const auto rank = static_cast<std::ptrdiff_t>(static_cast<double>(strangers.size()) * kFmr);
  std::nth_element(strangers.begin(), strangers.begin() + rank, strangers.end(), std::greater<>());
  return strangers[static_cast<std::size_t>(rank)];
}

// Sets `accepted`; leaves out what has no face or no other photo to be compared with.
std::vector<Probe> Compare(const std::vector<Probe>& probes, double threshold) {
  std::map<int, std::vector<const Probe*>> references;
  for (const Probe& probe : probes) {
    if (IsReference(probe)) references[probe.job.subject].push_back(&probe);
  }
  std::vector<Probe> compared;
  for (const Probe& probe : probes) {
    if (!probe.found) continue;
    std::size_t pairs = 0, accepted = 0;
    for (const Probe* reference : references[probe.job.subject]) {
      if (reference->job.path == probe.job.path) continue;
      ++pairs;
      accepted += Dot(probe.values, reference->values) >= threshold ? 1 : 0;
    }
    if (pairs == 0) continue;
    compared.push_back(probe);
    compared.back().accepted = static_cast<double>(accepted) / static_cast<double>(pairs);
  }
  return compared;
}

using Weights = std::array<double, face::kFaultCount + 1>;  // the faultless face's log-odds last

Weights Solve(std::array<std::array<double, face::kFaultCount + 2>, face::kFaultCount + 1> rows) {
  constexpr std::size_t kSize = face::kFaultCount + 1;
  for (std::size_t pivot = 0; pivot < kSize; ++pivot) {
    std::size_t best = pivot;
    for (std::size_t i = pivot + 1; i < kSize; ++i) {
      if (std::abs(rows[i][pivot]) > std::abs(rows[best][pivot])) best = i;
    }
    std::swap(rows[pivot], rows[best]);
    for (std::size_t i = 0; i < kSize; ++i) {
      if (i == pivot) continue;
      const double factor = rows[i][pivot] / rows[pivot][pivot];
      for (std::size_t k = pivot; k <= kSize; ++k) rows[i][k] -= factor * rows[pivot][k];
    }
  }
  Weights solution{};
  for (std::size_t i = 0; i < kSize; ++i) solution[i] = rows[i][kSize] / rows[i][i];
  return solution;
}

// Logistic regression of `accepted` on the faults by Newton's method (Hastie and others, The
// Elements of Statistical Learning, section 4.4.1).
Weights Fit(const std::vector<Probe>& probes) {
  constexpr std::size_t kSize = face::kFaultCount + 1;
  Weights weights{};
  for (int step = 0; step < 30; ++step) {
    std::array<std::array<double, kSize + 1>, kSize> rows{};
    for (const Probe& probe : probes) {
      if (!ForFitting(probe)) continue;
      const auto faults = face::FaultsOf(probe.face);
      std::array<double, kSize> x{};
      for (std::size_t i = 0; i + 1 < kSize; ++i) x[i] = -faults[i];
      x[kSize - 1] = 1;
      const double odds = std::inner_product(x.begin(), x.end(), weights.begin(), 0.0);
      const double expected = 1 / (1 + std::exp(-odds));
      for (std::size_t i = 0; i < kSize; ++i) {
        for (std::size_t k = 0; k < kSize; ++k) {
          rows[i][k] += expected * (1 - expected) * x[i] * x[k];
        }
        rows[i][kSize] += (probe.accepted - expected) * x[i];
      }
    }
    const Weights change = Solve(rows);
    for (std::size_t i = 0; i < kSize; ++i) weights[i] += change[i];
  }
  return weights;
}

double Fnmr(std::span<const Probe> probes) {
  double accepted = 0;
  for (const Probe& probe : probes) accepted += probe.accepted;
  return 1 - accepted / static_cast<double>(probes.size());
}

void PrintDiscard(const std::vector<std::vector<Probe>>& kinds) {
  fmt::print("\nFNMR, %, with the least useful share of the probes left out\n{:14}", "left out, %");
  constexpr int kShares[] = {0, 2, 5, 10, 20, 30, 50};
  for (const int share : kShares) fmt::print("{:>8}", share);
  fmt::print("{:>8}\n", "probes");
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    fmt::print("{:14}", kind < kKinds ? kNames[kind] : "all");
    for (const int share : kShares) {
      const auto from = kinds[kind].size() * static_cast<std::size_t>(share) / 100;
      fmt::print("{:8.2f}", 100 * Fnmr(std::span(kinds[kind]).subspan(from)));
    }
    fmt::print("{:8}\n", kinds[kind].size());
  }
}

void PrintFilters(const std::vector<std::vector<Probe>>& kinds) {
  fmt::print("\nkept, %, and their FNMR, %, at a least usefulness\n{:14}", "");
  constexpr double kLeast[] = {0, 0.25, 0.5, 0.75, 0.9};
  for (const double least : kLeast) fmt::print("{:>16}", least);
  fmt::print("\n");
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    fmt::print("{:14}", kind < kKinds ? kNames[kind] : "all");
    for (const double least : kLeast) {
      const auto& sorted = kinds[kind];
      const auto from = static_cast<std::size_t>(
          std::find_if(sorted.begin(), sorted.end(),
                       [&](const Probe& probe) { return probe.face.usefulness >= least; }) -
          sorted.begin());
      const std::span kept = std::span(sorted).subspan(from);
      fmt::print("{:8.1f}{:8.2f}",
                 100 * static_cast<double>(kept.size()) / static_cast<double>(sorted.size()),
                 100 * Fnmr(kept));
    }
    fmt::print("\n");
  }
}

void PrintCalibration(const std::vector<Probe>& sorted) {
  fmt::print("\nusefulness, mean of a tenth of the scale, and the share of comparisons passed\n");
  for (std::size_t from = 0; from < sorted.size();) {
    const double tenth = std::floor(sorted[from].face.usefulness * 10);
    std::size_t to = from;
    double mean = 0;
    while (to < sorted.size() && std::floor(sorted[to].face.usefulness * 10) == tenth) {
      mean += sorted[to++].face.usefulness;
    }
    const auto count = static_cast<double>(to - from);
    fmt::print("{:6.2f} {:6.2f}  {} probes\n", mean / count,
               1 - Fnmr(std::span(sorted).subspan(from, to - from)), to - from);
    from = to;
  }
}

int Main(char** arguments) {
  const auto pack = models::ReadManifest(arguments[1]);
  const auto pipeline = pack ? face::Pipeline::Create(*pack) : Fail(pack.error());
  if (!pipeline) {
    fmt::print(stderr, "{}\n", pipeline.error().message());
    return 1;
  }
  const std::vector<Probe> all = ObserveAll(**pipeline, ListJobs(arguments[2], arguments[3]));
  const double threshold = Threshold(all);
  const std::vector<Probe> compared = Compare(all, threshold);
  fmt::print("model {:.16}; threshold {:.4f}; photos without a face: {}\n",
             (*pipeline)->model_hash(), threshold,
             std::count_if(all.begin(), all.end(), [](const Probe& one) { return !one.found; }));

  const Weights weights = Fit(compared);
  fmt::print(
      "fitted: faultless {:.2f}; small {:.2f}, blurred {:.2f}, dark {:.2f}, bright {:.2f}, "
      "turned {:.2f}, tilted {:.2f}, doubtful {:.2f}\n",
      weights[face::kFaultCount], weights[face::kSmall], weights[face::kBlurred],
      weights[face::kDark], weights[face::kBright], weights[face::kTurned], weights[face::kTilted],
      weights[face::kDoubtful]);

  // By kind, then all; the least useful first.
  std::vector<std::vector<Probe>> kinds(kKinds + 1);
  for (const Probe& probe : compared) {
    if (ForFitting(probe)) continue;
    kinds[probe.job.kind].push_back(probe);
    kinds[kKinds].push_back(probe);
  }
  for (auto& probes : kinds) {
    std::stable_sort(probes.begin(), probes.end(), [](const Probe& a, const Probe& b) {
      return a.face.usefulness < b.face.usefulness;
    });
  }
  PrintDiscard(kinds);
  PrintFilters(kinds);
  PrintCalibration(kinds[kKinds]);
  return 0;
}

}  // namespace
}  // namespace candid

int main(int argc, char** argv) {
  if (argc == 4) return candid::Main(argv);
  std::fprintf(stderr, "usage: usefulness_bench PACK.TOML LFW-DEV CFP-DEV\n");
  return 2;
}
