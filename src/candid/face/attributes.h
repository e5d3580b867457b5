// Attributes: what a face shows, beyond where it is. docs/attributes.md has how often each is
// right.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <optional>
#include <string_view>

namespace candid::face {

// What is so or not. In the order of the attributes network's output.
enum Trait { kSmile, kEyeglasses, kMouthOpen, kTraitCount };
std::string_view NameOf(Trait trait);  // "Smile", ...: Rekognition's

struct Statement {
  bool value = false;
  float probability = 0;  // 0.5 to 1, that the value is right
};

// Years, both ends included: holds the age four times in five.
struct AgeRange {
  int low = 0;
  int high = 0;
};

// Empty where it was not asked for, or where the pack does not know.
struct Attributes {
  std::optional<AgeRange> age_range;
  std::array<std::optional<Statement>, kTraitCount> traits;
  // Probability. A smile is all of an emotion that was measured well enough to be said.
  std::optional<float> happy;
};

// What is asked for.
struct AttributeSet {
  bool landmarks = false;  // all, beyond the five that every face has
  bool age_range = false;
  bool emotions = false;
  std::bitset<kTraitCount> traits;

  static AttributeSet All();
};

// From the age that the pack estimates, years.
AgeRange AgeRangeOf(float age);

}  // namespace candid::face
