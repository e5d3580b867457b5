#include "apps/words.h"

#include <fmt/format.h>

namespace candid::apps {

std::string OneIn(double rate) {
  if (!(rate > 0)) return "none";
  if (rate > 0.5) return fmt::format("{:.0f} %", rate * 100);
  const double people = 1 / rate;
  // {:.3g} writes what it rounds up to 1000 as 1e+03.
  if (people < 999.5) return fmt::format("1 in {:.3g}", people);
  if (people < 999.5e3) return fmt::format("1 in {:.3g} thousand", people / 1e3);
  if (people < 999.5e6) return fmt::format("1 in {:.3g} million", people / 1e6);
  return fmt::format("1 in {:.0f} million", people / 1e6);
}

std::string InWords(const std::optional<decision::StatedRate>& rate) {
  if (!rate) return "";
  switch (rate->basis) {
    case decision::Basis::kMeasured:
      return OneIn(rate->fmr);
    case decision::Basis::kExtrapolated:
      return OneIn(rate->fmr) + " *";
    case decision::Basis::kBound:
      return rate->fmr < 1e-3 ? "under " + OneIn(rate->fmr) : "over " + OneIn(rate->fmr);
  }
  return "";
}

std::string InWords(const decision::Terms& terms) {
  std::string words = fmt::format("threshold: similarity {:.4g}{}\n", terms.similarity,
                                  terms.promised ? ", by the collection's promise" : "");
  if (!terms.rate) {
    return words + "calibration: none, so that nothing is known of false matches\n";
  }
  words +=
      fmt::format("strangers who reach it: {} of the worst measured group{}\n", InWords(terms.rate),
                  terms.rate->group.empty() ? "" : fmt::format(" ({})", terms.rate->group));
  words +=
      fmt::format("wrong matches to expect of one search: {:.2g}\n", terms.expected_false_matches);
  if (terms.rate->basis == decision::Basis::kExtrapolated) words += kExtrapolatedNote;
  if (!terms.warning.empty()) words += "warning: " + terms.warning + '\n';
  return words;
}

}  // namespace candid::apps
