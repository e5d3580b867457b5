#include "candid/image/jpeg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>

// After cstdio, which it needs.
#include <jpeglib.h>

// After jpeglib.h, which decides what it holds.
#include <jerror.h>

namespace candid::image {
namespace {

struct ErrorHandler {
  jpeg_error_mgr base;  // first: libjpeg hands back a pointer to it
  std::jmp_buf escape;
};

struct ScanCounter {
  jpeg_progress_mgr base;  // first, likewise
  int max_scans;
  bool exceeded;
};

[[noreturn]] void Escape(j_common_ptr codec) {
  std::longjmp(reinterpret_cast<ErrorHandler*>(codec->err)->escape, 1);
}

// libjpeg invents pixels where data is cut or damaged and only warns. We refuse those; the warnings
// left are about metadata and stray bytes between segments, which whole photos have too.
bool IsDamage(int warning) {
  return warning == JWRN_JPEG_EOF || warning == JWRN_HIT_MARKER || warning == JWRN_HUFF_BAD_CODE ||
         warning == JWRN_MUST_RESYNC || warning == JWRN_ARITH_BAD_CODE ||
         warning == JWRN_NOT_SEQUENTIAL;
}

void OnMessage(j_common_ptr codec, int level) {
  if (level < 0 && IsDamage(codec->err->msg_code)) Escape(codec);
}

void OnProgress(j_common_ptr codec) {
  auto* counter = reinterpret_cast<ScanCounter*>(codec->progress);
  if (reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number <= counter->max_scans) return;
  counter->exceeded = true;
  Escape(codec);
}

// libjpeg's decompressor with its errors turned into Status. Steps run inside Run; a failing one
// leaves by longjmp, so no step may own anything that needs a destructor.
class Decompressor {
 public:
  explicit Decompressor(const Limits& limits) : limits_(limits) {}
  ~Decompressor() { jpeg_destroy_decompress(&codec_); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  template <typename Steps>
  Status Run(Steps&& steps) {
    if (setjmp(errors_.escape) != 0) return Failure();
    steps(&codec_);
    return {};
  }

  // Up to jpeg_start_decompress.
  Status Start(ByteSpan file, int divisor) {
    codec_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = Escape;
    errors_.base.emit_message = OnMessage;
    counter_.max_scans = limits_.max_scans;
    counter_.base.progress_monitor = OnProgress;
    return Run([&](j_decompress_ptr codec) {
      jpeg_create_decompress(codec);
      codec->progress = &counter_.base;
      codec->mem->max_memory_to_use = static_cast<long>(limits_.max_codec_bytes);
      jpeg_mem_src(codec, file.data(), file.size());
      jpeg_read_header(codec, TRUE);
      const bool inks = codec->jpeg_color_space == JCS_CMYK || codec->jpeg_color_space == JCS_YCCK;
      codec->out_color_space = inks ? JCS_CMYK : JCS_RGB;
      codec->scale_num = 1;
      codec->scale_denom = static_cast<unsigned>(divisor);
      // It would guess pixels that depend on blocks outside a region.
      codec->do_block_smoothing = FALSE;
      jpeg_start_decompress(codec);
    });
  }

  const jpeg_decompress_struct& codec() const { return codec_; }

 private:
  Error Explained() {
    const int code = errors_.base.msg_code;
    if (counter_.exceeded) {
      return Error(Code::kTooLarge,
                   fmt::format("the JPEG has more than {} scans, the limit", limits_.max_scans));
    }
    if (code == JERR_NO_BACKING_STORE) {
      return Error(Code::kTooLarge,
                   fmt::format("decoding this progressive JPEG takes more than {} bytes, the limit",
                               limits_.max_codec_bytes));
    }
    if (code == JERR_OUT_OF_MEMORY) return Error(Code::kExhausted, "no memory to decode the JPEG");
    std::array<char, JMSG_LENGTH_MAX> text{};
    errors_.base.format_message(reinterpret_cast<j_common_ptr>(&codec_), text.data());
    const bool unsupported = code == JERR_CONVERSION_NOTIMPL || code == JERR_FRACT_SAMPLE_NOTIMPL ||
                             code == JERR_CCIR601_NOTIMPL || code == JERR_NOTIMPL;
    if (unsupported)
      return Error(Code::kUnsupported, fmt::format("this kind of JPEG: {}", text.data()));
    return Error(Code::kMalformed, fmt::format("the JPEG is cut or damaged: {}", text.data()));
  }
  Status Failure() { return Fail(Explained()); }

  const Limits& limits_;
  jpeg_decompress_struct codec_{};
  ErrorHandler errors_{};
  ScanCounter counter_{};
};

// Adobe's programs store inks inverted (255 is none) and say so by their marker.
void InksToRgb(const std::uint8_t* inks, int width, bool inverted, std::uint8_t* rgb) {
  const unsigned flip = inverted ? 0 : 255;
  for (int x = 0; x < width; ++x, inks += 4, rgb += 3) {
    const unsigned light = inks[3] ^ flip;
    for (int c = 0; c < 3; ++c)
      rgb[c] = static_cast<std::uint8_t>(((inks[c] ^ flip) * light + 127) / 255);
  }
}

// Reads the rows from codec's next one on: all of `image`, which starts `skip` pixels into each.
Status ReadRows(Decompressor& decompressor, int skip, Image& image) {
  const int width = static_cast<int>(decompressor.codec().output_width);
  const int channels = decompressor.codec().output_components;
  const bool inverted = decompressor.codec().saw_Adobe_marker;
  const bool direct = channels == 3 && width == image.width;
  Bytes buffer(direct ? 0 : static_cast<std::size_t>(width) * static_cast<std::size_t>(channels));
  return decompressor.Run([&](j_decompress_ptr codec) {
    for (int y = 0; y < image.height; ++y) {
      JSAMPROW row = direct ? image.row(y) : buffer.data();
      if (jpeg_read_scanlines(codec, &row, 1) != 1) ERREXIT(codec, JERR_BAD_STATE);
      if (direct) continue;
      const std::uint8_t* first = buffer.data() + static_cast<std::ptrdiff_t>(skip) * channels;
      if (channels == 4)
        InksToRgb(first, image.width, inverted, image.row(y));
      else
        std::memcpy(image.row(y), first, static_cast<std::size_t>(image.width) * 3);
    }
  });
}

Status CheckHeader(const jpeg_decompress_struct& codec, int width, int height) {
  if (static_cast<int>(codec.image_width) == width &&
      static_cast<int>(codec.image_height) == height)
    return {};
  return Fail(Code::kMalformed, "the JPEG gives two sizes");
}

Image Blank(int width, int height) {
  Image image{width, height, {}};
  image.rgb.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  return image;
}

}  // namespace

Result<Image> DecodeJpeg(ByteSpan file, int width, int height, int divisor, const Limits& limits) {
  Decompressor decompressor(limits);
  CANDID_TRY(decompressor.Start(file, divisor));
  const auto& codec = decompressor.codec();
  CANDID_TRY(CheckHeader(codec, width, height));
  Image image = Blank(static_cast<int>(codec.output_width), static_cast<int>(codec.output_height));
  CANDID_TRY(ReadRows(decompressor, 0, image));
  // To the end of the file, where a cut shows that left the last row whole.
  CANDID_TRY(decompressor.Run([](j_decompress_ptr c) { jpeg_finish_decompress(c); }));
  return image;
}

Result<Image> DecodeJpegRegion(ByteSpan file, int width, int height, const Rect& region,
                               const Limits& limits) {
  Decompressor decompressor(limits);
  CANDID_TRY(decompressor.Start(file, 1));
  const auto& codec = decompressor.codec();
  CANDID_TRY(CheckHeader(codec, width, height));
  // Upsampling looks at neighbours, and treats the edges of what is cropped as edges of the
  // picture: a block more on each side, dropped again, keeps the region exact.
  const int block_width = codec.max_h_samp_factor * DCTSIZE;
  const int block_height = codec.max_v_samp_factor * DCTSIZE;
  const int left = std::max(region.x - block_width, 0);
  const int right = std::min(region.x + region.width + block_width, width);
  const int above = std::max(region.y - 2 * block_height, 0);
  JDIMENSION start = static_cast<JDIMENSION>(left);
  JDIMENSION length = static_cast<JDIMENSION>(right - left);
  CANDID_TRY(decompressor.Run([&](j_decompress_ptr c) {
    if (right - left < width) jpeg_crop_scanline(c, &start, &length);
    if (above > 0) jpeg_skip_scanlines(c, static_cast<JDIMENSION>(above));
  }));
  if (region.y > above) {
    Bytes dropped(static_cast<std::size_t>(codec.output_width) *
                  static_cast<std::size_t>(codec.output_components));
    CANDID_TRY(decompressor.Run([&](j_decompress_ptr c) {
      JSAMPROW row = dropped.data();
      for (int y = above; y < region.y; ++y) jpeg_read_scanlines(c, &row, 1);
    }));
  }
  Image image = Blank(region.width, region.height);
  const int start_x = right - left < width ? static_cast<int>(start) : 0;
  CANDID_TRY(ReadRows(decompressor, region.x - start_x, image));
  return image;
}

}  // namespace candid::image
