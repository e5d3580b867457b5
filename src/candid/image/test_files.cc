#include "candid/image/test_files.h"

#include <png.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <vector>

// After cstdio, which it needs.
#include <jpeglib.h>

namespace candid::image {

Image Scene(int width, int height) {
  Image image{width, height, {}};
  image.rgb.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double dx = x - width * 0.4;
      const double dy = y - height * 0.6;
      const bool disc = dx * dx + dy * dy < width * height * 0.03;
      std::uint8_t* p = image.row(y) + 3 * x;
      p[0] = static_cast<std::uint8_t>(disc ? 240 : 255 * x / width);
      p[1] = static_cast<std::uint8_t>(disc ? 30 : 255 * y / height);
      p[2] = static_cast<std::uint8_t>(disc ? 60 : 255 - 200 * (x + y) / (width + height));
    }
  }
  return image;
}

Bytes ExifBlock(int orientation, bool motorola) {
  const auto o = static_cast<std::uint8_t>(orientation);
  if (motorola) {
    return {'E', 'x',  'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1,
            1,   0x12, 0,   3,   0, 0, 0,   1,   0, o,  0, 0, 0, 0, 0, 0};
  }
  return {'E',  'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0,
          0x12, 1,   3,   0,   1, 0, 0,   0,   o,  0, 0, 0, 0, 0, 0, 0};
}

Bytes WriteJpeg(const Image& image, const JpegKind& kind) {
  jpeg_compress_struct codec{};
  jpeg_error_mgr errors{};
  codec.err = jpeg_std_error(&errors);
  errors.error_exit = [](j_common_ptr) { throw std::runtime_error("libjpeg cannot write this"); };
  jpeg_create_compress(&codec);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&codec, &data, &size);
  codec.image_width = static_cast<JDIMENSION>(image.width);
  codec.image_height = static_cast<JDIMENSION>(image.height);
  const bool inks = kind.inks != Inks::kNone;
  codec.input_components = inks ? 4 : 3;
  codec.in_color_space = inks ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&codec);
  if (kind.grey) jpeg_set_colorspace(&codec, JCS_GRAYSCALE);
  if (kind.inks == Inks::kAdobeYcck) jpeg_set_colorspace(&codec, JCS_YCCK);
  codec.write_Adobe_marker = inks && kind.inks != Inks::kPlain;
  jpeg_set_quality(&codec, kind.quality, TRUE);
  codec.comp_info[0].h_samp_factor = kind.h;
  codec.comp_info[0].v_samp_factor = kind.v;
  codec.arith_code = kind.arithmetic;
  codec.restart_in_rows = kind.restart;
  if (kind.progressive) jpeg_simple_progression(&codec);
  jpeg_start_compress(&codec, TRUE);
  if (kind.orientation != 0) {
    const Bytes exif = ExifBlock(kind.orientation, kind.motorola);
    jpeg_write_marker(&codec, JPEG_APP0 + 1, exif.data(), static_cast<unsigned>(exif.size()));
  }
  if (kind.profile) {
    const Bytes nonsense(500, 7);
    jpeg_write_icc_profile(&codec, nonsense.data(), static_cast<unsigned>(nonsense.size()));
  }
  const int invert = kind.inks == Inks::kPlain ? 255 : 0;
  Bytes row(static_cast<std::size_t>(image.width) * 4);
  for (int y = 0; y < image.height; ++y) {
    JSAMPROW out = const_cast<JSAMPROW>(image.row(y));
    if (inks) {
      for (int x = 0; x < image.width; ++x) {
        for (int c = 0; c < 3; ++c)
          row[static_cast<std::size_t>(4 * x + c)] =
              static_cast<std::uint8_t>(image.row(y)[3 * x + c] ^ invert);
        row[static_cast<std::size_t>(4 * x + 3)] = static_cast<std::uint8_t>(255 ^ invert);
      }
      out = row.data();
    }
    jpeg_write_scanlines(&codec, &out, 1);
  }
  jpeg_finish_compress(&codec);
  jpeg_destroy_compress(&codec);
  Bytes bytes(data, data + size);
  std::free(data);
  return bytes;
}

Bytes WritePng(int width, int height, const Bytes& pixels, const PngKind& kind) {
  Bytes bytes;
  png_structp png = png_create_write_struct(
      PNG_LIBPNG_VER_STRING, nullptr,
      [](png_structp, png_const_charp) { throw std::runtime_error("libpng cannot write this"); },
      nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &bytes,
      [](png_structp p, png_bytep from, png_size_t length) {
        auto* to = static_cast<Bytes*>(png_get_io_ptr(p));
        to->insert(to->end(), from, from + length);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height),
               kind.depth, kind.color_type, kind.interlaced ? 1 : 0, 0, 0);
  std::vector<png_color> palette;
  for (std::size_t i = 0; i + 2 < kind.palette.size(); i += 3)
    palette.push_back({kind.palette[i], kind.palette[i + 1], kind.palette[i + 2]});
  if (!palette.empty()) png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  if (!kind.palette_alpha.empty()) {
    png_set_tRNS(png, info, kind.palette_alpha.data(), static_cast<int>(kind.palette_alpha.size()),
                 nullptr);
  }
  png_write_info(png, info);
  const std::size_t pitch = png_get_rowbytes(png, info);
  const int passes = png_set_interlace_handling(png);
  for (int pass = 0; pass < passes; ++pass)
    for (int y = 0; y < height; ++y)
      png_write_row(png, pixels.data() + pitch * static_cast<std::size_t>(y));
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

}  // namespace candid::image
