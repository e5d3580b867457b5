#include "candid/image/png.h"

#include <fmt/format.h>
#include <png.h>

#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <vector>

namespace candid::image {
namespace {

// What a text or profile chunk may inflate to. We skip those, so this only guards the guard.
constexpr png_alloc_size_t kMostChunkBytes = 1 << 20;

struct ErrorHandler {
  std::jmp_buf escape;
  std::array<char, 128> message{};
};

[[noreturn]] void OnError(png_structp png, png_const_charp message) {
  auto* errors = static_cast<ErrorHandler*>(png_get_error_ptr(png));
  std::snprintf(errors->message.data(), errors->message.size(), "%s", message);
  std::longjmp(errors->escape, 1);
}

void OnWarning(png_structp, png_const_charp) {}

void OnRead(png_structp png, png_bytep to, png_size_t length) {
  auto* rest = static_cast<ByteSpan*>(png_get_io_ptr(png));
  if (rest->size() < length) png_error(png, "the file ends early");
  std::memcpy(to, rest->data(), length);
  *rest = rest->subspan(length);
}

// libpng's reader with its errors turned into Status. Steps run inside Run; a failing one leaves by
// longjmp, so no step may own anything that needs a destructor.
class Reader {
 public:
  explicit Reader(ByteSpan file) : rest_(file) {}
  ~Reader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  template <typename Steps>
  Status Run(Steps&& steps) {
    if (setjmp(errors_.escape) != 0) {
      return Fail(Code::kMalformed,
                  fmt::format("the PNG is cut or damaged: {}", errors_.message.data()));
    }
    steps(png_, info_);
    return {};
  }

  // Up to the first row, with every kind of pixel turned into RGB or RGBA of 8 bits.
  Status Start(const Info& info) {
    CANDID_TRY(Run([&](png_structp, png_infop) {
      png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &errors_, OnError, OnWarning);
      info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
    }));
    if (info_ == nullptr) return Fail(Code::kExhausted, "no memory to decode the PNG");
    return Run([&](png_structp png, png_infop header) {
      png_set_read_fn(png, &rest_, OnRead);
      png_set_user_limits(png, static_cast<png_uint_32>(info.width),
                          static_cast<png_uint_32>(info.height));
      png_set_chunk_malloc_max(png, kMostChunkBytes);
      // Every chunk but those that make pixels is skipped unread.
      png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
      png_read_info(png, header);
      png_set_expand(png);
      png_set_strip_16(png);
      png_set_gray_to_rgb(png);
      passes_ = png_set_interlace_handling(png);
      png_read_update_info(png, header);
      channels_ = png_get_channels(png, header);
      const bool as_sniffed =
          png_get_image_width(png, header) == static_cast<png_uint_32>(info.width) &&
          png_get_image_height(png, header) == static_cast<png_uint_32>(info.height);
      if (!as_sniffed || (channels_ != 3 && channels_ != 4)) png_error(png, "odd pixels");
    });
  }

  int channels() const { return channels_; }
  int passes() const { return passes_; }

 private:
  ByteSpan rest_;
  ErrorHandler errors_{};
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int channels_ = 0;
  int passes_ = 0;
};

void CopyRow(const std::uint8_t* from, int channels, int width, std::uint8_t* rgb) {
  if (channels == 3) {
    std::memcpy(rgb, from, static_cast<std::size_t>(width) * 3);
    return;
  }
  for (int x = 0; x < width; ++x, from += 4, rgb += 3) {
    const unsigned alpha = from[3];
    for (int c = 0; c < 3; ++c) {
      rgb[c] = static_cast<std::uint8_t>((from[c] * alpha + 255u * (255u - alpha) + 127u) / 255u);
    }
  }
}

}  // namespace

Result<Image> DecodePng(ByteSpan file, const Info& info, const Rect& region) {
  Reader reader(file);
  CANDID_TRY(reader.Start(info));
  const auto pitch =
      static_cast<std::size_t>(info.width) * static_cast<std::size_t>(reader.channels());
  const bool whole = reader.passes() > 1;
  const int last = region.y + region.height;
  Bytes buffer(pitch * (whole ? static_cast<std::size_t>(info.height) : 1));
  Image image{region.width, region.height, {}};
  image.rgb.resize(static_cast<std::size_t>(region.width) *
                   static_cast<std::size_t>(region.height) * 3);
  const auto row = [&](int y) {
    return buffer.data() + (whole ? pitch * static_cast<std::size_t>(y) : 0);
  };
  const auto keep = [&](int y) {
    if (y < region.y || y >= last) return;
    const auto* first = row(y) + static_cast<std::ptrdiff_t>(region.x) * reader.channels();
    CopyRow(first, reader.channels(), region.width, image.row(y - region.y));
  };
  CANDID_TRY(reader.Run([&](png_structp png, png_infop) {
    for (int pass = 1; pass < reader.passes(); ++pass)
      for (int y = 0; y < info.height; ++y) png_read_row(png, row(y), nullptr);
    for (int y = 0; y < (whole ? info.height : last); ++y) {
      png_read_row(png, row(y), nullptr);
      keep(y);
    }
    if (whole || last == info.height) png_read_end(png, nullptr);
  }));
  return image;
}

}  // namespace candid::image
