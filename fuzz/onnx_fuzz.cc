// Any bytes as a model: Load and, where that succeeds, Create and one Run stay within bounds.
#include <algorithm>

#include "candid/infer/session.h"

namespace {

// Small enough for a fuzzer's patience.
constexpr std::size_t kMaxArena = std::size_t{1} << 24;
constexpr std::int64_t kMaxProducts = std::int64_t{1} << 26;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using candid::infer::Session;
  auto model = candid::infer::Model::Load({data, size}, "fuzz");
  if (!model.has_value()) return 0;
  candid::infer::SessionOptions options;
  for (const auto& input : (*model)->inputs()) {
    candid::infer::Shape shape = input.shape;
    std::ranges::replace(shape, -1, 2);
    const auto huge = [](std::int64_t n) { return n > 256; };
    if (std::ranges::any_of(shape, huge) || shape.size() > 4) return 0;
    options.input_shapes[input.name] = shape;
  }
  auto session = Session::Create(*model, options);
  if (!session.has_value()) return 0;
  if ((*session)->arena_bytes() <= kMaxArena && (*session)->products() <= kMaxProducts) {
    (*session)->Run();
  }
  return 0;
}
