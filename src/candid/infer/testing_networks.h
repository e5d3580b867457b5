// Whole networks with random weights, in the shape of the real ones, for tests and benches.
#pragma once

#include <fmt/format.h>

#include "candid/infer/testing_model.h"

namespace candid::infer::testing {

// IResNet (Deng et al. 2019, ArcFace) as MXNet exports it: slopes of shape [C], normalisation
// inside, Dropout left in. {3, 4, 14, 3} is IResNet-50, {3, 13, 30, 3} IResNet-100. Without
// `mxnet_slopes` they are [C,1,1], as ONNX Runtime insists.
inline Bytes IResNet(const std::vector<int>& units, bool mxnet_slopes = true) {
  ModelBuilder b;
  b.Input("data", {1, 3, 112, 112});
  b.Node("Sub", {"data", b.Floats("mean", {1}, {127.5F})}, "centred");
  b.Node("Mul", {"centred", b.Floats("factor", {1}, {1 / 128.F})}, "normal");
  b.Conv("normal", "stem", 3, 64, 3, 1, 1, false);
  b.Normalization("stem", "stem.bn", 64);
  b.PRelu("stem.bn", "x", 64, mxnet_slopes);
  std::string x = "x";
  std::int64_t channels = 64;
  const std::int64_t widths[] = {64, 128, 256, 512};
  for (std::size_t stage = 0; stage < 4; ++stage) {
    for (int unit = 0; unit < units[stage]; ++unit) {
      const std::string u = fmt::format("s{}u{}", stage, unit);
      const std::int64_t width = widths[stage];
      const std::int64_t stride = unit == 0 ? 2 : 1;
      b.Normalization(x, u + ".bn1", channels);
      b.Conv(u + ".bn1", u + ".c1", channels, width, 3, 1, 1, false);
      b.Normalization(u + ".c1", u + ".bn2", width);
      b.PRelu(u + ".bn2", u + ".p", width, mxnet_slopes);
      b.Conv(u + ".p", u + ".c2", width, width, 3, stride, 1, false);
      b.Normalization(u + ".c2", u + ".bn3", width);
      std::string shortcut = x;
      if (unit == 0) {
        b.Conv(x, u + ".sc", channels, width, 1, 2, 1, false);
        b.Normalization(u + ".sc", u + ".scbn", width);
        shortcut = u + ".scbn";
      }
      b.Node("Add", {u + ".bn3", shortcut}, u);
      x = u;
      channels = width;
    }
  }
  b.Normalization(x, "bn_last", 512);
  b.Node("Dropout", {"bn_last"}, "dropped");
  b.Node("Flatten", {"dropped"}, "flat");
  auto* gemm = b.Node("Gemm",
                      {"flat", b.Random("fc.w", {512, 512 * 49}, 0, std::sqrt(3.F / 25088)),
                       b.Random("fc.b", {512}, 0, 0.1F)},
                      "fc");
  ModelBuilder::Set(gemm, "transB", 1);
  b.Normalization("fc", "embedding", 512);
  b.Output("embedding");
  return b.Build();
}

// MobileFaceNet (Chen et al. 2018) with `outputs` numbers at the end.
inline Bytes MobileFaceNet(std::int64_t outputs) {
  ModelBuilder b;
  b.Input("data", {1, 3, 112, 112});
  b.Conv("data", "c1", 3, 64, 3, 2);
  b.PRelu("c1", "p1", 64);
  b.Conv("p1", "c2", 64, 64, 3, 1, 64);
  b.PRelu("c2", "p2", 64);
  std::string x = "p2";
  std::int64_t channels = 64;
  struct Stage {
    std::int64_t expand, width, count, stride;
  };
  for (const Stage& stage : {Stage{128, 64, 5, 2}, Stage{256, 128, 1, 2}, Stage{256, 128, 6, 1},
                             Stage{512, 128, 1, 2}, Stage{256, 128, 2, 1}}) {
    for (std::int64_t i = 0; i < stage.count; ++i) {
      const std::string u = x + "_";
      const std::int64_t stride = i == 0 ? stage.stride : 1;
      b.Conv(x, u + "e", channels, stage.expand, 1);
      b.PRelu(u + "e", u + "ep", stage.expand);
      b.Conv(u + "ep", u + "d", stage.expand, stage.expand, 3, stride, stage.expand);
      b.PRelu(u + "d", u + "dp", stage.expand);
      b.Conv(u + "dp", u + "l", stage.expand, stage.width, 1);
      if (stride == 1 && channels == stage.width) {
        b.Node("Add", {x, u + "l"}, u);
        x = u;
      } else {
        x = u + "l";
      }
      channels = stage.width;
    }
  }
  b.Conv(x, "c5", channels, 512, 1);
  b.PRelu("c5", "p5", 512);
  auto* global = b.Conv("p5", "c6", 512, 512, 7, 1, 512);
  for (auto& attribute : *global->mutable_attribute()) {
    if (attribute.name() != "pads") continue;
    for (int i = 0; i < 4; ++i) attribute.set_ints(i, 0);
  }
  b.Conv("c6", "c7", 512, outputs, 1);
  b.Node("Flatten", {"c7"}, "embedding");
  b.Output("embedding");
  return b.Build();
}

}  // namespace candid::infer::testing
