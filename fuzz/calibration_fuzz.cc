// Any bytes as a calibration table: parsed or refused, and the scale of what is taken rises.
#include <cstdlib>

#include "candid/decision/scale.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1 << 16) return 0;
  using namespace candid::decision;
  auto table = ParseCalibration({data, size}, "calibration.toml");
  if (!table) return 0;
  const Scale scale(*std::move(table));
  double similarity = -1, rate = 2;
  for (double score = -120; score <= 120; score += 0.5) {
    const double next = scale.SimilarityOf(score);
    const StatedRate stated = scale.RateOf(score);
    if (!(next >= similarity && next <= 100) || !(stated.fmr <= rate && stated.fmr > 0)) {
      std::abort();
    }
    similarity = next;
    rate = stated.fmr;
  }
  return 0;
}
