// Each loop takes the bulk in vectors and leaves the end, where a vector would read or write too
// far, to the plain loop.
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "candid/image/pixel_loops.h"

#define CANDID_AVX2 __attribute__((target("avx2")))

namespace candid::image {
namespace {

// 16 bytes at `low` and at `high` in the two lanes.
CANDID_AVX2 inline __m256i Lanes(const void* low, const void* high) {
  return _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(low))),
      _mm_loadu_si128(static_cast<const __m128i*>(high)), 1);
}

CANDID_AVX2 void Halve(const std::uint8_t* upper, const std::uint8_t* lower, int count,
                       std::uint8_t* out) {
  // Per lane 4 pixels become 2: neighbours of one channel side by side, then summed in pairs.
  const __m256i pairs = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11, -1, -1, -1, -1));
  const __m256i ones = _mm256_set1_epi8(1);
  const __m256i two = _mm256_set1_epi16(2);
  int done = 0;
  for (; done + 6 <= count; done += 4, upper += 24, lower += 24, out += 12) {
    const __m256i a =
        _mm256_maddubs_epi16(_mm256_shuffle_epi8(Lanes(upper, upper + 12), pairs), ones);
    const __m256i b =
        _mm256_maddubs_epi16(_mm256_shuffle_epi8(Lanes(lower, lower + 12), pairs), ones);
    const __m256i mean = _mm256_srli_epi16(_mm256_add_epi16(_mm256_add_epi16(a, b), two), 2);
    const __m256i bytes = _mm256_packus_epi16(mean, mean);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out), _mm256_castsi256_si128(bytes));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + 6), _mm256_extracti128_si256(bytes, 1));
  }
  PlainLoops().halve(upper, lower, count - done, out);
}

CANDID_AVX2 void Blend(const std::uint8_t* upper, const std::uint8_t* lower, int weight, int count,
                       std::int16_t* out) {
  const __m256i first = _mm256_set1_epi16(static_cast<std::int16_t>(kWeightOne - weight));
  const __m256i second = _mm256_set1_epi16(static_cast<std::int16_t>(weight));
  int i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m256i a =
        _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(upper + i)));
    const __m256i b =
        _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(lower + i)));
    _mm256_storeu_si256(
        reinterpret_cast<__m256i*>(out + i),
        _mm256_add_epi16(_mm256_mullo_epi16(a, first), _mm256_mullo_epi16(b, second)));
  }
  PlainLoops().blend(upper + i, lower + i, weight, count - i, out + i);
}

// Blended elements of two pixels side by side, r g b r g b: each channel's pair together.
CANDID_AVX2 inline __m128i PairUp() {
  return _mm_setr_epi8(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, -1, -1, -1, -1);
}

CANDID_AVX2 void Pick(const std::int16_t* row, const Tap* taps, int count, std::uint8_t* out) {
  const __m256i pair_up = _mm256_broadcastsi128_si256(PairUp());
  const __m256i half = _mm256_set1_epi32(1 << (2 * kWeightBits - 1));
  // After two packings a lane holds r g b of its pixel in its first three bytes.
  int done = 0;
  for (; done + 3 <= count; done += 2, out += 6) {
    std::int32_t weights[2];
    std::memcpy(&weights[0], &taps[done].left, 4);
    std::memcpy(&weights[1], &taps[done + 1].left, 4);
    const __m256i from = Lanes(row + taps[done].offset, row + taps[done + 1].offset);
    const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_set1_epi32(weights[0])),
                                                 _mm_set1_epi32(weights[1]), 1);
    const __m256i sums = _mm256_madd_epi16(_mm256_shuffle_epi8(from, pair_up), both);
    const __m256i whole = _mm256_srli_epi32(_mm256_add_epi32(sums, half), 2 * kWeightBits);
    const __m256i words = _mm256_packus_epi32(whole, whole);
    const __m256i bytes = _mm256_packus_epi16(words, words);
    // The fourth byte is overwritten by the pixel after it.
    const int low = _mm_cvtsi128_si32(_mm256_castsi256_si128(bytes));
    const int high = _mm_cvtsi128_si32(_mm256_extracti128_si256(bytes, 1));
    std::memcpy(out, &low, 4);
    std::memcpy(out + 3, &high, 4);
  }
  PlainLoops().pick(row, taps + done, count - done, out);
}

CANDID_AVX2 void Warp(const View& source, const Walk& walk, std::uint8_t border, int count,
                      std::uint8_t* out) {
  const __m128i pair_up = PairUp();
  const __m128i half = _mm_set1_epi32(1 << (2 * kWeightBits - 1));
  Walk at = walk;
  for (int i = 0; i < count; ++i, out += 3, at.x += at.step_x, at.y += at.step_y) {
    const int x = static_cast<int>(at.x >> 32);
    const int y = static_cast<int>(at.y >> 32);
    // A load takes 8 bytes, two more than its two pixels have; the last column and the last written
    // pixel go the plain way.
    const bool inside = x >= 0 && x + 2 < source.width && y >= 0 && y + 1 < source.height;
    if (!inside || i + 1 == count) {
      PlainLoops().warp(source, at, border, 1, out);
      continue;
    }
    const int right = static_cast<int>(at.x >> (32 - kWeightBits)) & (kWeightOne - 1);
    const int down = static_cast<int>(at.y >> (32 - kWeightBits)) & (kWeightOne - 1);
    const std::uint8_t* from = source.at(x, y);
    const __m128i upper =
        _mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
    const __m128i lower =
        _mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + source.pitch)));
    const __m128i blended = _mm_add_epi16(
        _mm_mullo_epi16(upper, _mm_set1_epi16(static_cast<std::int16_t>(kWeightOne - down))),
        _mm_mullo_epi16(lower, _mm_set1_epi16(static_cast<std::int16_t>(down))));
    const __m128i sums = _mm_madd_epi16(_mm_shuffle_epi8(blended, pair_up),
                                        _mm_set1_epi32(right << 16 | (kWeightOne - right)));
    const __m128i whole = _mm_srli_epi32(_mm_add_epi32(sums, half), 2 * kWeightBits);
    const __m128i words = _mm_packus_epi32(whole, whole);
    const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
    std::memcpy(out, &bytes, 4);
  }
}

CANDID_AVX2 void Planar(const std::uint8_t* rgb, int count, const std::array<float, 3>& mean,
                        const std::array<float, 3>& scale, const std::array<float*, 3>& planes) {
  int i = 0;
  // 8 pixels a turn: a lane takes 4 of them from 16 bytes, 4 of which are not its own.
  for (; i + 10 <= count; i += 8, rgb += 24) {
    const __m256i pixels = Lanes(rgb, rgb + 12);
    for (std::size_t c = 0; c < 3; ++c) {
      const char k = static_cast<char>(c);
      const __m256i channel = _mm256_broadcastsi128_si256(_mm_setr_epi8(
          k, -1, -1, -1, static_cast<char>(k + 3), -1, -1, -1, static_cast<char>(k + 6), -1, -1, -1,
          static_cast<char>(k + 9), -1, -1, -1));
      const __m256 values = _mm256_cvtepi32_ps(_mm256_shuffle_epi8(pixels, channel));
      _mm256_storeu_ps(planes[c] + i, _mm256_mul_ps(_mm256_sub_ps(values, _mm256_set1_ps(mean[c])),
                                                    _mm256_set1_ps(scale[c])));
    }
  }
  PlainLoops().planar(rgb, count - i, mean, scale, {planes[0] + i, planes[1] + i, planes[2] + i});
}

constexpr PixelLoops kAvx2{Halve, Blend, Pick, Warp, Planar};

}  // namespace

const PixelLoops* Avx2Loops() { return __builtin_cpu_supports("avx2") ? &kAvx2 : nullptr; }

}  // namespace candid::image
