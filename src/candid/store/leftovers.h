// Leftovers: is anything of what was erased still in a file? Reads files byte by byte, so that what
// no database row refers to any more is found too.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "candid/base/bytes.h"

namespace candid::store {

enum class NeedleKind { kTemplate, kCrop, kPicture, kId };

// What must not be found: a piece of something, or an id as text. At least kLeastNeedle bytes.
struct Needle {
  NeedleKind kind = NeedleKind::kId;
  Bytes bytes;
};
inline constexpr std::size_t kLeastNeedle = 8;
inline constexpr std::size_t kMostNeedle = 512;

// Cuts pieces of 16 bytes that say whose they are, every `stride`-th; such as repeat a few values
// say nothing and are left out. Of compressed pictures only the second half counts: the first is
// full of tables that all pictures share.
void AddPieces(NeedleKind kind, ByteSpan whole, std::size_t stride, std::vector<Needle>* needles);

class LeftoverSearch {
 public:
  explicit LeftoverSearch(std::vector<Needle> needles);

  // Indices of the needles that lie in the bytes; each once.
  std::vector<std::size_t> In(ByteSpan bytes) const;
  // The same of a file, read in pieces. kIo.
  Result<std::vector<std::size_t>> InFile(const std::filesystem::path& file,
                                          std::uint64_t* bytes_read) const;
  const std::vector<Needle>& needles() const { return needles_; }

 private:
  void Scan(ByteSpan bytes, std::vector<bool>* found) const;

  std::vector<Needle> needles_;
  std::vector<std::uint64_t> maybe_;  // a bit for each hash of a needle's beginning
  std::multimap<std::uint64_t, std::size_t> by_beginning_;
  std::size_t longest_ = kLeastNeedle;
};

}  // namespace candid::store
