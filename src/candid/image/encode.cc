#include "candid/image/encode.h"

#include <fmt/format.h>
#include <png.h>

#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

// After cstdio, which it needs.
#include <jpeglib.h>

namespace candid::image {
namespace {

Status Check(const Image& image) {
  constexpr int kMostSide = JPEG_MAX_DIMENSION;
  const bool good = image.width > 0 && image.height > 0 && image.width <= kMostSide &&
                    image.height <= kMostSide &&
                    image.rgb.size() == static_cast<std::size_t>(image.width) *
                                            static_cast<std::size_t>(image.height) * 3;
  if (good) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("cannot encode a picture of {} x {} with {} bytes", image.width,
                          image.height, image.rgb.size()));
}

struct JpegErrors {
  jpeg_error_mgr base;  // first: libjpeg hands back a pointer to it
  std::jmp_buf escape;
};

[[noreturn]] void EscapeJpeg(j_common_ptr codec) {
  std::longjmp(reinterpret_cast<JpegErrors*>(codec->err)->escape, 1);
}

// Owns what libjpeg allocates, so that a longjmp passes nothing with a destructor.
struct JpegWriter {
  jpeg_compress_struct codec{};
  JpegErrors errors{};
  unsigned char* data = nullptr;
  unsigned long size = 0;
  ~JpegWriter() {
    jpeg_destroy_compress(&codec);
    std::free(data);
  }
};

bool WriteJpeg(const Image& image, int quality, JpegWriter& writer) {
  jpeg_compress_struct* codec = &writer.codec;
  codec->err = jpeg_std_error(&writer.errors.base);
  writer.errors.base.error_exit = EscapeJpeg;
  if (setjmp(writer.errors.escape) != 0) return false;
  jpeg_create_compress(codec);
  jpeg_mem_dest(codec, &writer.data, &writer.size);
  codec->image_width = static_cast<JDIMENSION>(image.width);
  codec->image_height = static_cast<JDIMENSION>(image.height);
  codec->input_components = 3;
  codec->in_color_space = JCS_RGB;
  jpeg_set_defaults(codec);
  jpeg_set_quality(codec, quality, TRUE);
  jpeg_start_compress(codec, TRUE);
  while (codec->next_scanline < codec->image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(image.row(static_cast<int>(codec->next_scanline)));
    jpeg_write_scanlines(codec, &row, 1);
  }
  jpeg_finish_compress(codec);
  return true;
}

}  // namespace

Result<Bytes> EncodeJpeg(const Image& image, int quality) {
  CANDID_TRY(Check(image));
  if (quality < 1 || quality > 100) {
    return Fail(Code::kInvalidArgument,
                fmt::format("JPEG quality {} is not between 1 and 100", quality));
  }
  JpegWriter writer;
  if (!WriteJpeg(image, quality, writer))
    return Fail(Code::kExhausted, "no memory to encode a JPEG");
  return Bytes(writer.data, writer.data + writer.size);
}

Result<Bytes> EncodePng(const Image& image) {
  CANDID_TRY(Check(image));
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = PNG_FORMAT_RGB;
  header.flags = PNG_IMAGE_FLAG_FAST;
  Bytes bytes(PNG_IMAGE_PNG_SIZE_MAX(header));
  png_alloc_size_t size = bytes.size();
  if (png_image_write_to_memory(&header, bytes.data(), &size, 0, image.rgb.data(), 0, nullptr) == 0)
    return Fail(Code::kExhausted, fmt::format("cannot encode a PNG: {}", header.message));
  bytes.resize(size);
  return bytes;
}

}  // namespace candid::image
