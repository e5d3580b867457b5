#include "candid/gallery/flat_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <mutex>
#include <new>
#include <shared_mutex>
#include <unordered_map>
#include <unordered_set>

#include "candid/base/pages.h"
#include "candid/decision/fair_score.h"
#include "candid/gallery/scan.h"

namespace candid::gallery {
namespace {

// Rows of one allocation: growth copies nothing, and a removal frees whole chunks at the end. In
// bf16 and 64 dimensions it is one huge page.
constexpr std::size_t kChunkRows = 16384;
constexpr std::size_t kAlignment = 64;
constexpr std::size_t kLine = 2 * kBlockRows;
// Scan and re-scoring add in different orders: a row this much below the worst kept may be above.
constexpr float kScanError = 1e-4f;

std::uint16_t ToBf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  // Round to nearest, ties to even.
  return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

float FromBf16(std::uint16_t value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
}

bool Better(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score > b.score : a.key < b.key;
}

struct Row {
  Key key = 0;
  Figures figures;
};

float SlopeOf(const Figures& figures) { return 0.5f / figures.deviation; }
float OffsetOf(const Figures& figures) { return figures.mean * SlopeOf(figures); }

template <typename T>
class FlatIndex : public Index {
 public:
  FlatIndex(std::size_t dimension, const Scan& scan) : dimension_(dimension), scan_(scan) {}

  std::size_t dimension() const override { return dimension_; }

  std::size_t size() const override {
    const auto lock = Share();
    return rows_.size();
  }

  std::size_t bytes() const override {
    const auto lock = Share();
    return BlocksOf(rows_.size()) * kBlockRows * dimension_ * sizeof(T) +
           rows_.capacity() * sizeof(Row) + lines_.capacity() * sizeof(float) +
           places_.size() * (sizeof(Key) + sizeof(std::size_t) + 2 * sizeof(void*)) +
           places_.bucket_count() * sizeof(void*);
  }

  Status Add(std::span<const Key> keys, std::span<const float> templates,
             std::span<const Figures> figures) override {
    if (templates.size() != keys.size() * dimension_) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("{} keys come with {} values; the index wants {} a key", keys.size(),
                              templates.size(), dimension_));
    }
    CANDID_TRY(Check(templates, figures, keys.size()));
    const auto lock = Own();
    std::unordered_set<Key> seen;
    for (const Key key : keys) {
      if (places_.contains(key) || !seen.insert(key).second) {
        return Fail(Code::kAlreadyExists, fmt::format("key {} is in the index already", key));
      }
    }
    // Everything that may run out of memory comes before the first change.
    const std::size_t wanted = rows_.size() + keys.size();
    // reserve() takes the size at its word: twice the rows, lest every single one copy them all.
    if (wanted > rows_.capacity()) rows_.reserve(std::max(wanted, 2 * rows_.capacity()));
    lines_.reserve(BlocksOf(rows_.capacity()) * kLine);
    places_.reserve(rows_.capacity());
    Grow(wanted);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      Write(rows_.size(), templates.subspan(i * dimension_, dimension_));
      places_[keys[i]] = rows_.size();
      rows_.push_back({keys[i], figures[i]});
      Draw(rows_.size() - 1);
    }
    return {};
  }

  // The last row moves into the hole: searches order by score and key, never by place.
  std::size_t Remove(std::span<const Key> keys) override {
    const auto lock = Own();
    std::size_t removed = 0;
    for (const Key key : keys) {
      const auto found = places_.find(key);
      if (found == places_.end()) continue;
      const std::size_t hole = found->second, last = rows_.size() - 1;
      for (std::size_t d = 0; d < dimension_; ++d) {
        At(hole, d) = At(last, d);
        At(last, d) = T{};  // a deleted template leaves nothing in memory
      }
      rows_[hole] = rows_[last];
      Draw(hole);
      places_[rows_[hole].key] = hole;
      places_.erase(key);
      rows_.pop_back();
      ++removed;
    }
    lines_.resize(BlocksOf(rows_.size()) * kLine);
    while (chunks_.size() * kChunkRows >= rows_.size() + kChunkRows) chunks_.pop_back();
    return removed;
  }

  Result<std::vector<std::vector<Candidate>>> Search(const Queries& queries,
                                                     std::size_t k) const override {
    return Answer(queries, k, -std::numeric_limits<float>::infinity());
  }

  Result<std::vector<std::vector<Candidate>>> SearchRange(const Queries& queries, float threshold,
                                                          std::size_t limit) const override {
    if (std::isnan(threshold)) {
      return Fail(Code::kInvalidArgument, "the threshold is not a number");
    }
    return Answer(queries, limit, threshold);
  }

 private:
  // A change waits for the searches under way and no longer: later ones queue behind it. The plain
  // shared_mutex lets readers that overlap keep a writer out for ever.
  std::shared_lock<std::shared_mutex> Share() const {
    const std::lock_guard turn(turn_);
    return std::shared_lock(mutex_);
  }
  std::unique_lock<std::shared_mutex> Own() {
    const std::lock_guard turn(turn_);
    return std::unique_lock(mutex_);
  }

  static bool AllFinite(std::span<const float> values) {
    return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
  }

  static Status Check(std::span<const float> values, std::span<const Figures> figures,
                      std::size_t count) {
    if (figures.size() != count) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("{} templates come with figures of {}", count, figures.size()));
    }
    if (!AllFinite(values)) {
      return Fail(Code::kInvalidArgument, "a template has a value that is not a number");
    }
    if (!std::all_of(figures.begin(), figures.end(), InRange)) {
      return Fail(Code::kInvalidArgument,
                  "a template's figures are beyond mean -1 to 1, deviation 0.25 to 4");
    }
    return {};
  }

  // What the scan wants of a row's figures. Within the capacity that Add reserved.
  void Draw(std::size_t row) {
    if (lines_.size() < BlocksOf(row + 1) * kLine) lines_.resize(BlocksOf(row + 1) * kLine);
    float* line = lines_.data() + row / kBlockRows * kLine + row % kBlockRows;
    line[0] = SlopeOf(rows_[row].figures);
    line[kBlockRows] = OffsetOf(rows_[row].figures);
  }

  void Grow(std::size_t rows) {
    while (chunks_.size() * kChunkRows < rows) {
      // Many collections are small: their one chunk takes no more than it holds.
      chunks_.emplace_back(kChunkRows * dimension_ * sizeof(T),
                           chunks_.empty() ? PageSize::kSmall : PageSize::kHuge);
    }
  }

  T* Chunk(std::size_t row) const { return reinterpret_cast<T*>(chunks_[row / kChunkRows].data()); }

  static std::size_t BlocksOf(std::size_t rows) { return (rows + kBlockRows - 1) / kBlockRows; }

  const T* Block(std::size_t block) const {
    const std::size_t row = block * kBlockRows;
    return Chunk(row) + row % kChunkRows * dimension_;
  }

  T& At(std::size_t row, std::size_t d) {
    return Chunk(row)[row % kChunkRows / kBlockRows * kBlockRows * dimension_ + d * kBlockRows +
                      row % kBlockRows];
  }

  void Write(std::size_t row, std::span<const float> values) {
    for (std::size_t d = 0; d < dimension_; ++d) {
      if constexpr (sizeof(T) == 2) {
        At(row, d) = ToBf16(values[d]);
      } else {
        At(row, d) = values[d];
      }
    }
  }

  // From what is stored, summed in double in one order: the same on every CPU.
  float Cosine(std::size_t row, std::span<const float> query) const {
    const T* block = Block(row / kBlockRows);
    double sum = 0;
    for (std::size_t d = 0; d < dimension_; ++d) {
      const T stored = block[d * kBlockRows + row % kBlockRows];
      if constexpr (sizeof(T) == 2) {
        sum += double{FromBf16(stored)} * query[d];
      } else {
        sum += double{stored} * query[d];
      }
    }
    return static_cast<float>(sum);
  }

  // The best so far of each query.
  struct Best {
    std::vector<std::vector<Candidate>> heaps;  // the worst on top
    std::vector<float> floors;                  // as ScanTile has them
    std::vector<float> slopes;
  };

  void Offer(std::size_t row, std::span<const float> query, const Figures& figures, std::size_t k,
             float threshold, std::vector<Candidate>& heap, float& floor) const {
    const float cosine = Cosine(row, query);
    const Candidate candidate{rows_[row].key,
                              decision::FairScore(cosine, figures, rows_[row].figures), cosine};
    if (!(candidate.score >= threshold)) return;
    if (heap.size() == k) {
      if (!Better(candidate, heap.front())) return;
      std::pop_heap(heap.begin(), heap.end(), Better);
      heap.back() = candidate;
    } else {
      heap.push_back(candidate);
    }
    std::push_heap(heap.begin(), heap.end(), Better);
    if (heap.size() == k) {
      floor = std::max(floor, heap.front().score + OffsetOf(figures) - kScanError);
    }
  }

  Result<std::vector<std::vector<Candidate>>> Answer(const Queries& queries, std::size_t k,
                                                     float threshold) const {
    if (queries.values.size() % dimension_ != 0) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("{} values are no whole number of queries of {}",
                              queries.values.size(), dimension_));
    }
    const std::size_t count = queries.values.size() / dimension_;
    CANDID_TRY(Check(queries.values, queries.figures, count));
    Best best{std::vector<std::vector<Candidate>>(count), {}, {}};
    for (const Figures& figures : queries.figures) {
      best.floors.push_back(threshold + OffsetOf(figures) - kScanError);
      best.slopes.push_back(SlopeOf(figures));
    }
    const std::vector<float> tiles = Interleaved(queries.values);
    const auto lock = Share();
    if (k > 0) {
      const std::size_t blocks = BlocksOf(rows_.size());
      for (std::size_t block = 0; block < blocks; ++block) {
        for (std::size_t first = 0; first < count; first += kTileQueries) {
          OfferBlock(block, queries, tiles, first, k, threshold, &best);
        }
      }
    }
    for (auto& heap : best.heaps) std::sort(heap.begin(), heap.end(), Better);
    return std::move(best.heaps);
  }

  // Tile after tile, each as the scan wants it.
  std::vector<float> Interleaved(std::span<const float> queries) const {
    const std::size_t count = queries.size() / dimension_;
    std::vector<float> tiles;
    tiles.reserve(queries.size());
    for (std::size_t first = 0; first < count; first += kTileQueries) {
      const std::size_t end = std::min(first + kTileQueries, count);
      for (std::size_t d = 0; d < dimension_; ++d) {
        for (std::size_t q = first; q < end; ++q) tiles.push_back(queries[q * dimension_ + d]);
      }
    }
    return tiles;
  }

  // The block's rows to the tile of queries that begins at `first`.
  void OfferBlock(std::size_t block, const Queries& queries, std::span<const float> tiles,
                  std::size_t first, std::size_t k, float threshold, Best* best) const {
    alignas(kAlignment) float scores[kTileQueries * kBlockRows];
    const ScanTile tile{tiles.data() + first * dimension_, best->slopes.data() + first,
                        best->floors.data() + first,
                        std::min(kTileQueries, best->floors.size() - first)};
    const float* line = lines_.data() + block * kLine;
    std::uint32_t reached = 0;
    if constexpr (sizeof(T) == 2) {
      reached = scan_.bf16(Block(block), line, tile, dimension_, scores);
    } else {
      reached = scan_.f32(Block(block), line, tile, dimension_, scores);
    }
    const std::size_t rows = std::min(kBlockRows, rows_.size() - block * kBlockRows);
    for (; reached != 0; reached &= reached - 1) {
      const auto q = static_cast<std::size_t>(std::countr_zero(reached));
      float& floor = best->floors[first + q];
      for (std::size_t r = 0; r < rows; ++r) {
        if (!(scores[q * kBlockRows + r] >= floor)) continue;
        Offer(block * kBlockRows + r, queries.values.subspan((first + q) * dimension_, dimension_),
              queries.figures[first + q], k, threshold, best->heaps[first + q], floor);
      }
    }
  }

  const std::size_t dimension_;
  const Scan& scan_;
  // Searches share mutex_, changes own it; all pass turn_ first, in order of arrival.
  mutable std::mutex turn_;
  mutable std::shared_mutex mutex_;
  std::vector<Pages> chunks_;
  std::vector<Row> rows_;                        // by place
  std::vector<float> lines_;                     // by block: slopes, then offsets, of its rows
  std::unordered_map<Key, std::size_t> places_;  // place of each key
};

}  // namespace

std::unique_ptr<Index> MakeFlatIndex(std::size_t dimension, const FlatOptions& options) {
  const Scan& scan = ScanFor(options.level);
  if (options.storage == Storage::kBf16) {
    return std::make_unique<FlatIndex<std::uint16_t>>(dimension, scan);
  }
  return std::make_unique<FlatIndex<float>>(dimension, scan);
}

}  // namespace candid::gallery
