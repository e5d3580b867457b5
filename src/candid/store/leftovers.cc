#include "candid/store/leftovers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>

namespace candid::store {
namespace {

constexpr std::size_t kPiece = 16;
constexpr int kLeastValues = 6;  // different bytes of a piece that says whose it is
constexpr std::size_t kReadBytes = 1 << 20;
constexpr int kMaybeBits = 24;

std::uint64_t Beginning(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

std::size_t HashOf(std::uint64_t beginning) {
  return static_cast<std::size_t>((beginning * 0x9E3779B97F4A7C15u) >> (64 - kMaybeBits));
}

bool SaysWhose(ByteSpan piece) {
  std::array<bool, 256> seen{};
  int values = 0;
  for (const std::uint8_t byte : piece) {
    values += seen[byte] ? 0 : 1;
    seen[byte] = true;
  }
  return values >= kLeastValues;
}

std::vector<std::size_t> Indices(const std::vector<bool>& found) {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i]) indices.push_back(i);
  }
  return indices;
}

}  // namespace

void AddPieces(NeedleKind kind, ByteSpan whole, std::size_t stride, std::vector<Needle>* needles) {
  if (kind == NeedleKind::kCrop || kind == NeedleKind::kPicture) {
    whole = whole.subspan(whole.size() / 2);
  }
  std::size_t count = 0;
  for (std::size_t at = 0; at + kPiece <= whole.size(); at += kPiece) {
    const ByteSpan piece = whole.subspan(at, kPiece);
    if (SaysWhose(piece) && count++ % stride == 0) {
      needles->push_back({kind, Bytes(piece.begin(), piece.end())});
    }
  }
}

LeftoverSearch::LeftoverSearch(std::vector<Needle> needles)
    : needles_(std::move(needles)), maybe_((std::size_t{1} << kMaybeBits) / 64) {
  for (std::size_t i = 0; i < needles_.size(); ++i) {
    const Bytes& bytes = needles_[i].bytes;
    const std::uint64_t beginning = Beginning(bytes.data());
    const std::size_t hash = HashOf(beginning);
    maybe_[hash / 64] |= std::uint64_t{1} << (hash % 64);
    by_beginning_.emplace(beginning, i);
    longest_ = std::max(longest_, bytes.size());
  }
}

void LeftoverSearch::Scan(ByteSpan bytes, std::vector<bool>* found) const {
  for (std::size_t at = 0; at + kLeastNeedle <= bytes.size(); ++at) {
    const std::uint64_t beginning = Beginning(bytes.data() + at);
    const std::size_t hash = HashOf(beginning);
    if ((maybe_[hash / 64] >> (hash % 64) & 1) == 0) continue;
    const auto [first, last] = by_beginning_.equal_range(beginning);
    for (auto one = first; one != last; ++one) {
      const Bytes& needle = needles_[one->second].bytes;
      if (at + needle.size() <= bytes.size() &&
          std::memcmp(needle.data(), bytes.data() + at, needle.size()) == 0) {
        (*found)[one->second] = true;
      }
    }
  }
}

std::vector<std::size_t> LeftoverSearch::In(ByteSpan bytes) const {
  std::vector<bool> found(needles_.size());
  Scan(bytes, &found);
  return Indices(found);
}

Result<std::vector<std::size_t>> LeftoverSearch::InFile(const std::filesystem::path& file,
                                                        std::uint64_t* bytes_read) const {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return Fail(Code::kIo, fmt::format("{} cannot be read: make it readable for this user, then "
                                       "search again",
                                       file.string()));
  }
  std::vector<bool> found(needles_.size());
  Bytes buffer(kReadBytes + longest_);
  std::size_t kept = 0;  // of the piece before, so that nothing hides on the border
  while (stream) {
    stream.read(reinterpret_cast<char*>(buffer.data() + kept), kReadBytes);
    const auto got = static_cast<std::size_t>(stream.gcount());
    *bytes_read += got;
    const std::size_t size = kept + got;
    Scan(ByteSpan(buffer).first(size), &found);
    kept = std::min(size, longest_ - 1);
    std::memmove(buffer.data(), buffer.data() + size - kept, kept);
  }
  if (stream.bad()) {
    return Fail(Code::kIo, fmt::format("reading {} failed: see to the disk", file.string()));
  }
  return Indices(found);
}

}  // namespace candid::store
