#include "candid/image/jpeg_header.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "candid/image/exif.h"

namespace candid::image {
namespace {

constexpr int kSof0 = 0xc0;  // baseline
constexpr int kSof1 = 0xc1;  // extended sequential
constexpr int kSof2 = 0xc2;  // progressive
constexpr int kDht = 0xc4;   // the three that share the frame headers' range
constexpr int kJpg = 0xc8;
constexpr int kDac = 0xcc;
constexpr int kSof9 = 0xc9;   // extended sequential, arithmetic
constexpr int kSof10 = 0xca;  // progressive, arithmetic
constexpr int kSof15 = 0xcf;
constexpr int kRst0 = 0xd0;
constexpr int kSoi = 0xd8;
constexpr int kEoi = 0xd9;
constexpr int kSos = 0xda;
constexpr int kApp1 = 0xe1;
constexpr int kTem = 0x01;

bool IsFrame(int marker) {
  return marker >= kSof0 && marker <= kSof15 && marker != kDht && marker != kJpg && marker != kDac;
}

bool StandsAlone(int marker) { return marker == kTem || (marker >= kRst0 && marker <= kSoi); }

struct Segment {
  int marker = 0;
  ByteSpan payload;
};

// The next segment at `position`, which moves behind it. Bytes between segments are skipped, as
// decoders do. Nothing at the end of the file.
std::optional<Segment> NextSegment(ByteSpan file, std::size_t& position) {
  while (position + 1 < file.size()) {
    if (file[position] != 0xff || file[position + 1] == 0x00 || file[position + 1] == 0xff) {
      ++position;
      continue;
    }
    const int marker = file[position + 1];
    position += 2;
    if (StandsAlone(marker) || marker == kEoi) return Segment{marker, {}};
    if (file.size() - position < 2) return std::nullopt;
    const std::size_t length = static_cast<std::size_t>(file[position]) << 8 | file[position + 1];
    if (length < 2 || length > file.size() - position) return std::nullopt;
    const Segment segment{marker, file.subspan(position + 2, length - 2)};
    position += length;
    return segment;
  }
  return std::nullopt;
}

Status ReadFrame(const Segment& segment, JpegHeader& header) {
  if (segment.payload.size() < 6) return Fail(Code::kMalformed, "the JPEG's frame header is cut");
  const auto& frame = segment.payload;
  const int precision = frame[0];
  header.height = frame[1] << 8 | frame[2];
  header.width = frame[3] << 8 | frame[4];
  header.progressive = segment.marker == kSof2 || segment.marker == kSof10;
  const bool known = segment.marker == kSof0 || segment.marker == kSof1 || header.progressive ||
                     segment.marker == kSof9;
  if (!known) {
    return Fail(Code::kUnsupported,
                fmt::format("a lossless or hierarchical JPEG (frame type {}): save it as baseline",
                            segment.marker - kSof0));
  }
  if (precision != 8) {
    return Fail(Code::kUnsupported,
                fmt::format("a JPEG of {} bits a sample: save it with 8", precision));
  }
  if (header.width == 0 || header.height == 0)
    return Fail(Code::kMalformed, "the JPEG's frame header gives no size");
  return {};
}

}  // namespace

Result<JpegHeader> ReadJpegHeader(ByteSpan file) {
  JpegHeader header;
  bool framed = false;
  bool oriented = false;
  std::size_t position = 2;
  while (const auto segment = NextSegment(file, position)) {
    if (segment->marker == kSos && framed) return header;
    if (segment->marker == kSos || segment->marker == kEoi) break;
    if (IsFrame(segment->marker)) {
      if (framed) return Fail(Code::kMalformed, "the JPEG has two frame headers");
      CANDID_TRY(ReadFrame(*segment, header));
      framed = true;
    }
    if (segment->marker == kApp1 && !oriented && AsText(segment->payload).starts_with("Exif")) {
      header.orientation = ExifOrientation(segment->payload);
      oriented = true;
    }
  }
  return Fail(Code::kMalformed, "the JPEG ends before its first scan");
}

}  // namespace candid::image
