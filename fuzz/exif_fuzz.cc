#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "candid/image/exif.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int orientation = candid::image::ExifOrientation({data, size});
  if (orientation < 1 || orientation > 8) std::abort();
  return 0;
}
