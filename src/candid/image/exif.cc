#include "candid/image/exif.h"

#include <cstddef>
#include <cstdint>

namespace candid::image {
namespace {

constexpr std::size_t kPrefix = 6;  // "Exif", two zeros; TIFF offsets count from behind it
constexpr std::size_t kEntry = 12;  // tag, type, count, value
constexpr std::uint32_t kOrientation = 0x0112;
constexpr std::uint32_t kShort = 3;

// A TIFF block in either byte order. Callers check the bounds with Has.
class Tiff {
 public:
  explicit Tiff(ByteSpan block) : block_(block) {}

  bool Has(std::size_t offset, std::size_t length) const {
    return offset <= block_.size() && length <= block_.size() - offset;
  }
  bool ReadByteOrder() {
    if (!Has(0, 8)) return false;
    little_ = block_[0] == 'I' && block_[1] == 'I';
    return (little_ || (block_[0] == 'M' && block_[1] == 'M')) && Short(2) == 42;
  }
  std::uint32_t Short(std::size_t at) const {
    const std::uint32_t first = block_[at];
    const std::uint32_t second = block_[at + 1];
    return little_ ? first | second << 8 : first << 8 | second;
  }
  std::uint32_t Long(std::size_t at) const {
    return little_ ? Short(at) | Short(at + 2) << 16 : Short(at) << 16 | Short(at + 2);
  }

 private:
  ByteSpan block_;
  bool little_ = false;
};

}  // namespace

int ExifOrientation(ByteSpan app1) {
  if (app1.size() < kPrefix || AsText(app1.first(kPrefix)) != std::string_view("Exif\0\0", kPrefix))
    return 1;
  Tiff tiff(app1.subspan(kPrefix));
  if (!tiff.ReadByteOrder()) return 1;
  const std::size_t ifd = tiff.Long(4);
  if (!tiff.Has(ifd, 2)) return 1;
  const std::size_t entries = tiff.Short(ifd);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = ifd + 2 + i * kEntry;
    if (!tiff.Has(entry, kEntry)) return 1;
    if (tiff.Short(entry) != kOrientation) continue;
    if (tiff.Short(entry + 2) != kShort || tiff.Long(entry + 4) != 1) return 1;
    const std::uint32_t value = tiff.Short(entry + 8);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace candid::image
