#include "candid/face/attributes.h"

#include <algorithm>
#include <cmath>

namespace candid::face {

std::string_view NameOf(Trait trait) {
  constexpr std::string_view kNames[] = {"Smile", "Eyeglasses", "MouthOpen"};
  static_assert(std::size(kNames) == kTraitCount);
  return kNames[trait];
}

AttributeSet AttributeSet::All() {
  AttributeSet all{true, true, true, {}};
  all.traits.set();
  return all;
}

AgeRange AgeRangeOf(float age) {
  struct Knot {
    float age, low, high;
  };
  // Of the ages that an estimate within a few years of the knot's was made for, 6 % lie below and
  // 6 % above (docs/attributes.md).
  constexpr Knot kKnots[] = {{0, 0, 4},    {3, 1, 8},    {8, 4, 15},   {15, 7, 22},  {22, 12, 29},
                             {30, 17, 45}, {40, 27, 61}, {50, 37, 76}, {60, 52, 85}, {75, 60, 90}};
  const Knot* next = std::find_if(std::begin(kKnots) + 1, std::end(kKnots) - 1,
                                  [&](const Knot& knot) { return age < knot.age; });
  const Knot &from = next[-1], &to = *next;
  const float share = std::clamp((age - from.age) / (to.age - from.age), 0.0F, 1.0F);
  return {static_cast<int>(std::floor(from.low + share * (to.low - from.low))),
          static_cast<int>(std::ceil(from.high + share * (to.high - from.high)))};
}

}  // namespace candid::face
