// Figures: what two numbers say of a template: where its cosines against strangers lie. Stored
// beside it wherever it goes; decision/fair_score.h says what they do to a comparison.
#pragma once

namespace candid {

// In units such that {0, 1} is the average template, whose cosines stay as they are.
struct Figures {
  float mean = 0;       // -1 to 1
  float deviation = 1;  // 0.25 to 4

  bool operator==(const Figures&) const = default;
};

// False for what is not a number, too.
inline bool InRange(const Figures& figures) {
  return figures.mean >= -1 && figures.mean <= 1 && figures.deviation >= 0.25f &&
         figures.deviation <= 4;
}

}  // namespace candid
