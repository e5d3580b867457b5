// gallery_bench [ROWS]: exact search on one core, held against what the core itself can do in the
// same run: one query against the bandwidth of reading the templates, a batch of 32 against the
// peak of f32 multiply-adds. Rounds interleaved, medians of thread CPU time.
#include <fmt/format.h>
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>
#include <vector>

#include "candid/gallery/flat_index.h"

namespace {

using candid::gallery::MakeFlatIndex;
using candid::gallery::Storage;

double Seconds(const std::function<void()>& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  };
  const double start = now();
  work();
  return now() - start;
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Eight streams of loads and nothing but an or: the fastest this core reads that much memory.
__attribute__((target("avx2"))) void ReadAll(const std::vector<float>& memory) {
  __m256i sums[8] = {};
  const auto* at = reinterpret_cast<const __m256i*>(memory.data());
  for (std::size_t i = 0; i + 8 <= memory.size() / 8; i += 8) {
    for (std::size_t s = 0; s < 8; ++s) {
      sums[s] = _mm256_or_si256(sums[s], _mm256_loadu_si256(at + i + s));
    }
  }
  for (auto& sum : sums) asm volatile("" : "+x"(sum));
}

constexpr std::int64_t kRounds = 2'000'000;

__attribute__((target("avx512f"))) void MultiplyAdd512() {
  __m512 sum[16];
#pragma GCC unroll 16
  for (auto& s : sum) s = _mm512_setzero_ps();
  const __m512 a = _mm512_set1_ps(1);
  for (std::int64_t i = 0; i < kRounds; ++i) {
#pragma GCC unroll 16
    for (auto& s : sum) asm volatile("vfmadd231ps %1, %1, %0" : "+v"(s) : "v"(a));
  }
}

std::vector<float> RandomUnits(std::size_t rows, std::size_t dimension, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(rows * dimension);
  for (std::size_t row = 0; row < rows; ++row) {
    float sum = 0;
    for (std::size_t d = 0; d < dimension; ++d) {
      float& value = values[row * dimension + d];
      value = normal(random);
      sum += value * value;
    }
    for (std::size_t d = 0; d < dimension; ++d) values[row * dimension + d] /= std::sqrt(sum);
  }
  return values;
}

void Compare(std::size_t rows, std::size_t dimension, Storage storage) {
  const std::size_t width = storage == Storage::kBf16 ? 2 : 4;
  const auto index = MakeFlatIndex(dimension, {.storage = storage});
  constexpr std::size_t kStep = 10'000;
  for (std::size_t first = 0; first < rows; first += kStep) {
    const std::size_t count = std::min(kStep, rows - first);
    std::vector<candid::gallery::Key> keys(count);
    for (std::size_t i = 0; i < count; ++i) keys[i] = first + i + 1;
    const auto added = index->Add(keys, RandomUnits(count, dimension, static_cast<unsigned>(first)),
                                  std::vector<candid::gallery::Calibration>(count));
    if (!added) std::exit(1);
  }
  const std::vector<float> queries = RandomUnits(32, dimension, 99);
  const std::vector<float> one(queries.begin(),
                               queries.begin() + static_cast<std::ptrdiff_t>(dimension));
  const std::vector<float> memory(rows * dimension * width / 4, 1);
  std::vector<double> read, peak, single, batch;
  for (int round = 0; round < 7; ++round) {
    read.push_back(Seconds([&] { ReadAll(memory); }));
    single.push_back(Seconds([&] { (void)index->Search(one, 10); }));
    peak.push_back(Seconds(MultiplyAdd512));
    batch.push_back(Seconds([&] { (void)index->Search(queries, 10); }));
  }
  const double bytes = static_cast<double>(rows * dimension * width);
  const double flops = 2. * 32 * static_cast<double>(rows * dimension);
  const double peak_flops = 2. * 16 * 16 * kRounds / Median(peak);
  fmt::print(
      "{} x {:3} {}:  one {:6.1f} ms, {:4.1f} GB/s, {:3.0f} % of reading;  "
      "32 {:7.1f} ms, {:5.1f} GFLOP/s, {:3.0f} % of peak\n",
      rows, dimension, storage == Storage::kBf16 ? "bf16" : "f32 ", Median(single) * 1e3,
      bytes / Median(single) / 1e9, 100 * Median(read) / Median(single), Median(batch) * 1e3,
      flops / Median(batch) / 1e9, 100 * flops / Median(batch) / peak_flops);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t rows = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  if (candid::gallery::BestSimdLevel() != candid::gallery::SimdLevel::kAvx512) {
    fmt::print("the peak is written for AVX-512, which this CPU lacks\n");
    return 0;
  }
  for (const std::size_t dimension : {64, 512}) {
    for (const Storage storage : {Storage::kF32, Storage::kBf16}) {
      Compare(rows, dimension, storage);
    }
  }
}
