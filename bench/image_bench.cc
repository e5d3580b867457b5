// Decoding and resampling, with OpenCV's functions for the same work beside them.
#include <benchmark/benchmark.h>

#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "candid/image/decode.h"
#include "candid/image/encode.h"
#include "candid/image/resample.h"

namespace candid::image {
namespace {

// Two megapixels with the detail of a photo: gradients under a little noise.
Image Photo() {
  constexpr int kWidth = 1664;
  constexpr int kHeight = 1248;
  Image photo{kWidth, kHeight, Bytes(static_cast<std::size_t>(kWidth) * kHeight * 3)};
  std::uint32_t random = 1;
  for (std::size_t i = 0; i < photo.rgb.size(); ++i) {
    random = random * 1664525 + 1013904223;
    const double wave = 100 * std::sin(static_cast<double>(i % 4992) / 300) *
                        std::cos(static_cast<double>(i / 4992) / 150);
    photo.rgb[i] = static_cast<std::uint8_t>(128 + wave + (random >> 28));
  }
  return photo;
}

cv::Mat MatOf(const Image& image) {
  return cv::Mat(image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.rgb.data()));
}

void Decode(benchmark::State& state) {
  const Bytes file = *EncodeJpeg(Photo(), 85);
  for (auto _ : state)
    benchmark::DoNotOptimize(
        Source::Open(file)->Decode(static_cast<int>(state.range(0)))->rgb.data());
  state.counters["bytes"] = static_cast<double>(file.size());
}
BENCHMARK(Decode)->Arg(1)->Arg(2)->Arg(4)->Arg(8)->Unit(benchmark::kMillisecond);

void DecodeOpenCv(benchmark::State& state) {
  const Bytes file = *EncodeJpeg(Photo(), 85);
  for (auto _ : state) benchmark::DoNotOptimize(cv::imdecode(file, cv::IMREAD_COLOR).data);
}
BENCHMARK(DecodeOpenCv)->Unit(benchmark::kMillisecond);

void DecodeRegion(benchmark::State& state) {
  const Bytes file = *EncodeJpeg(Photo(), 85);
  const auto source = Source::Open(file);
  for (auto _ : state)
    benchmark::DoNotOptimize(source->DecodeRegion({700, 500, 200, 200})->rgb.data());
}
BENCHMARK(DecodeRegion)->Unit(benchmark::kMillisecond);

void ResizeTo(benchmark::State& state) {
  const Image photo = Photo();
  const int width = static_cast<int>(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(Resize(photo, width, width * 3 / 4).rgb.data());
}
BENCHMARK(ResizeTo)->Arg(256)->Arg(640)->Unit(benchmark::kMillisecond);

void ResizeOpenCv(benchmark::State& state, int interpolation) {
  const Image photo = Photo();
  const int width = static_cast<int>(state.range(0));
  cv::Mat small;
  for (auto _ : state) cv::resize(MatOf(photo), small, {width, width * 3 / 4}, 0, 0, interpolation);
}
BENCHMARK_CAPTURE(ResizeOpenCv, linear, cv::INTER_LINEAR)
    ->Arg(256)
    ->Arg(640)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ResizeOpenCv, area, cv::INTER_AREA)
    ->Arg(256)
    ->Arg(640)
    ->Unit(benchmark::kMillisecond);

// A 112 x 112 chip from a turned square, `range` tenths of source pixels a chip pixel.
Affine ChipMap(const benchmark::State& state) {
  const double scale = static_cast<double>(state.range(0)) / 10;
  const double c = scale * std::cos(0.3);
  const double s = scale * std::sin(0.3);
  return {c, -s, 700, s, c, 400};
}

void WarpChip(benchmark::State& state) {
  const Image photo = Photo();
  const Affine map = ChipMap(state);
  for (auto _ : state) benchmark::DoNotOptimize(Warp(photo, map, 112, 112).rgb.data());
}
BENCHMARK(WarpChip)->Arg(12)->Arg(50)->Unit(benchmark::kMicrosecond);

void WarpChipOpenCv(benchmark::State& state) {
  const Image photo = Photo();
  const Affine m = ChipMap(state);
  cv::Mat chip;
  for (auto _ : state) {
    cv::warpAffine(MatOf(photo), chip, cv::Matx23d(m.a, m.b, m.c, m.d, m.e, m.f), {112, 112},
                   cv::INTER_LINEAR | cv::WARP_INVERSE_MAP);
  }
}
BENCHMARK(WarpChipOpenCv)->Arg(12)->Arg(50)->Unit(benchmark::kMicrosecond);

void Planar640(benchmark::State& state) {
  const Image image = Resize(Photo(), 640, 480);
  std::vector<float> planar(3 * 640 * 480);
  for (auto _ : state) {
    ToPlanar(image, {ChannelOrder::kRgb, {127.5f, 127.5f, 127.5f}, {1, 1, 1}}, planar);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(Planar640)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace candid::image
