// gallery_bench [ROWS]: exact search on one core, held against what the core itself can do in the
// same round: one query against reading as many bytes, a batch of 32 against the peak of f32
// multiply-adds. Medians over the rounds of thread CPU time and of its shares.
#include <fmt/format.h>
#include <immintrin.h>
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
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

// As many bytes as the templates take, in huge pages as they lie.
class Memory {
 public:
  explicit Memory(std::size_t bytes) : bytes_(bytes) {
    constexpr std::size_t kHugePage = std::size_t{2} << 20;
    const std::size_t whole = (bytes + kHugePage - 1) / kHugePage * kHugePage;
    memory_.reset(static_cast<char*>(std::aligned_alloc(kHugePage, whole)));
    madvise(memory_.get(), whole, MADV_HUGEPAGE);
    std::memset(memory_.get(), 1, whole);
  }

  // One linear pass of loads and nothing but an or: the fastest this core reads them.
  __attribute__((target("avx512f"))) void Read() const {
    __m512i sums[8] = {};
    for (std::size_t at = 0; at + sizeof(sums) <= bytes_; at += sizeof(sums)) {
#pragma GCC unroll 8
      for (std::size_t s = 0; s < 8; ++s) {
        sums[s] = _mm512_or_si512(sums[s], _mm512_load_si512(memory_.get() + at + s * 64));
      }
    }
    for (auto& sum : sums) asm volatile("" : "+v"(sum));
  }

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  std::size_t bytes_;
  std::unique_ptr<char, Free> memory_;
};

constexpr int kRounds = 15;
constexpr std::int64_t kPeakRounds = 2'000'000;

__attribute__((target("avx512f"))) void MultiplyAdd512() {
  __m512 sum[16];
#pragma GCC unroll 16
  for (auto& s : sum) s = _mm512_setzero_ps();
  const __m512 a = _mm512_set1_ps(1);
  for (std::int64_t i = 0; i < kPeakRounds; ++i) {
#pragma GCC unroll 16
    for (auto& s : sum) asm volatile("vfmadd231ps %1, %1, %0" : "+v"(s) : "v"(a));
  }
}

// Quick rather than normal: what lies in the rows does not matter to the clock.
std::vector<float> RandomUnits(std::size_t rows, std::size_t dimension, std::uint32_t seed) {
  std::vector<float> values(rows * dimension);
  for (std::size_t row = 0; row < rows; ++row) {
    float* figures = values.data() + row * dimension;
    float sum = 0;
    for (std::size_t d = 0; d < dimension; ++d) {
      seed = seed * 1664525 + 1013904223;
      figures[d] = static_cast<float>(seed >> 8) / (1 << 23) - 1;
      sum += figures[d] * figures[d];
    }
    const float factor = 1 / std::sqrt(sum);
    for (std::size_t d = 0; d < dimension; ++d) figures[d] *= factor;
  }
  return values;
}

void Compare(std::size_t rows, std::size_t dimension, Storage storage) {
  const std::size_t width = storage == Storage::kBf16 ? 2 : 4;
  const auto index = MakeFlatIndex(dimension, {.storage = storage});
  constexpr std::size_t kStep = 10'000;
  std::vector<float> some = RandomUnits(kStep, dimension, 1);
  for (std::size_t first = 0; first < rows; first += kStep) {
    const std::size_t count = std::min(kStep, rows - first);
    std::vector<candid::gallery::Key> keys(count);
    for (std::size_t i = 0; i < count; ++i) keys[i] = first + i + 1;
    const auto added = index->Add(keys, std::span(some).first(count * dimension),
                                  std::vector<candid::Figures>(count));
    if (!added) std::exit(1);
    // Other rows of unit length, cheaper than new ones.
    std::ranges::rotate(some, some.begin() + 1);
  }
  const std::vector<float> queries = RandomUnits(32, dimension, 99);
  const std::vector<float> one(queries.begin(),
                               queries.begin() + static_cast<std::ptrdiff_t>(dimension));
  const std::vector<candid::Figures> figures(32);
  const candid::gallery::Queries alone{one, std::span(figures).first(1)}, all{queries, figures};
  const Memory memory(rows * dimension * width);
  // Shares are of the round's own limit: what neighbours take they take from both.
  std::vector<double> single, of_reading, batch, of_peak;
  const double bytes = static_cast<double>(rows * dimension * width);
  const double flops = 2. * 32 * static_cast<double>(rows * dimension);
  constexpr double kPeakFlops = 2. * 16 * 16 * kPeakRounds;
  for (int round = 0; round < kRounds; ++round) {
    const double read = Seconds([&] { memory.Read(); });
    single.push_back(Seconds([&] { (void)index->Search(alone, 10); }));
    of_reading.push_back(100 * read / single.back());
    const double peak = Seconds(MultiplyAdd512);
    batch.push_back(Seconds([&] { (void)index->Search(all, 10); }));
    of_peak.push_back(100 * flops / batch.back() / (kPeakFlops / peak));
  }
  fmt::print(
      "{} x {:3} {}:  one {:6.1f} ms, {:4.1f} GB/s, {:3.0f} % of reading;  "
      "32 {:7.1f} ms, {:5.1f} GFLOP/s, {:3.0f} % of peak\n",
      rows, dimension, storage == Storage::kBf16 ? "bf16" : "f32 ", Median(single) * 1e3,
      bytes / Median(single) / 1e9, Median(of_reading), Median(batch) * 1e3,
      flops / Median(batch) / 1e9, Median(of_peak));
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
