#include "candid/eval/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "candid/eval/proportion.h"
#include "candid/eval/report_groups.h"
#include "candid/eval/report_protocols.h"
#include "candid/eval/report_sections.h"

namespace candid::eval {
namespace {

const OperatingPoint* InUse(const Evaluation& evaluation) {
  if (!evaluation.verification) return nullptr;
  for (const OperatingPoint& point : evaluation.verification->points) {
    if (!point.asked_fmr) return point.reach == Reach::kMeasured ? &point : nullptr;
  }
  return nullptr;
}

const SearchPoint* InUseSearch(const Evaluation& evaluation) {
  if (!evaluation.identification) return nullptr;
  for (const SearchPoint& point : evaluation.identification->points) {
    if (!point.asked_fpir) return &point;
  }
  return nullptr;
}

std::string OneOf(double rate) {
  if (!(rate > 0)) return "none";
  const double times = 1 / rate;
  if (times < 10) return fmt::format("{:.0f} of 100", rate * 100);
  const double digits = std::pow(10, std::floor(std::log10(times)) - 1);
  return "1 of " + ShowCount(static_cast<std::uint64_t>(std::round(times / digits) * digits));
}

// The group that is worst off among those large enough to say; null where there is none.
struct Worst {
  const GroupFigures* group = nullptr;
  std::string name;
};
Worst WorstGroup(const Evaluation& evaluation, std::size_t point, bool fmr) {
  const std::size_t labelled = evaluation.groupings.size() - evaluation.measured;
  Worst worst;
  const auto value = [&](const GroupFigures& g) { return (fmr ? g.fmr : g.fnmr).value; };
  std::size_t seen = 0;  // of this point, in the order of the groupings
  for (const GroupReport& report : evaluation.verification->groups) {
    if (report.point != point) continue;
    // What the labels say of people goes before what was measured in the pictures.
    if (labelled > 0 && seen++ >= labelled) break;
    for (std::size_t g = 0; g < report.groups.size(); ++g) {
      const GroupFigures& group = report.groups[g];
      const std::uint64_t errors = fmr ? group.own.false_matches : group.own.misses;
      if ((fmr ? group.subjects : group.mated_subjects) < kLeastGroup || errors == 0 ||
          !std::isfinite(value(group)))
        continue;
      if (worst.group != nullptr && value(group) <= value(*worst.group)) continue;
      worst = {&group, report.grouping + ": " + report.names[g]};
    }
  }
  return worst;
}

std::string WorstInWords(const Worst& worst, double overall, bool fmr) {
  const Estimate& rate = fmr ? worst.group->fmr : worst.group->fnmr;
  return fmt::format("{} \"{}\" most often: {} (95 %: {} to {}), {:.1f} times the figure over all.",
                     fmr ? "Two different people are taken for one within the group"
                         : "People are missed in the group",
                     worst.name, ShowRate(rate.value), ShowRate(rate.interval.low),
                     ShowRate(rate.interval.high), rate.value / overall);
}

// What an operator of a watchlist sees: errors per face and per alert, for strangers of whom `fmr`
// are taken for a given other one.
std::string LiveInWords(double fmr, bool bound, double missed, const LiveUse& live) {
  const double fpir = 1 - std::pow(1 - fmr, live.watchlist);
  const double wrong = fpir * (1 - live.prevalence);
  const double right = live.prevalence * (1 - missed);
  return fmt::format("{}{:.3g} false alerts per 1,000 faces seen, and {}{} of all alerts are wrong",
                     bound ? "at most " : "", wrong * 1000, bound ? "at most " : "",
                     ShowRate(wrong / (wrong + right)));
}

void AddLive(const Evaluation& evaluation, const OperatingPoint& point, const Worst& worst,
             const LiveUse& live, std::vector<std::string>* lines) {
  if (evaluation.verification->mated_pairs == 0) return;
  const SearchPoint* search = InUseSearch(evaluation);
  const double missed = search != nullptr && evaluation.identification->mated_searches > 0
                            ? search->fnir.value
                            : point.fnmr_by_subject.value;
  const bool bound = point.false_matches == 0;
  const double fmr = bound
                         ? RuleOfThree(static_cast<double>(evaluation.verification->impostor_pairs))
                         : point.fmr.value;
  std::string text = fmt::format(
      "Live, with a watchlist of {} people and {} of passers-by on it: {}. Both are true of one "
      "system.",
      ShowCount(static_cast<std::uint64_t>(live.watchlist)), ShowRate(live.prevalence),
      LiveInWords(fmr, bound, missed, live));
  if (worst.group != nullptr && !bound && worst.group->fmr.value > fmr) {
    text += fmt::format(" Were list and passers-by all of the group \"{}\": {}.", worst.name,
                        LiveInWords(worst.group->fmr.value, false, missed, live));
  }
  lines->push_back(text +
                   " (Computed as 1 - (1 - FMR)^N; the section on 1:N shows how far this data "
                   "departs from it.)");
}

void AddErrors(const Dataset& dataset, const Evaluation& evaluation, const Provenance& provenance,
               const LiveUse& live, std::vector<std::string>* headline) {
  auto& lines = *headline;
  const OperatingPoint* point = InUse(evaluation);
  if (point == nullptr) return;
  const std::string at = fmt::format("At the threshold in use ({}, score {:.4f})",
                                     provenance.threshold_name, point->threshold.value);
  if (point->false_matches > 0) {
    lines.push_back(fmt::format(
        "{}, {} comparisons of two different people take them for one ({}; 95 %: {} to {}; {} "
        "errors seen).",
        at, OneOf(point->fmr.value), ShowRate(point->fmr.value), ShowRate(point->fmr.interval.low),
        ShowRate(point->fmr.interval.high), ShowCount(point->false_matches)));
  } else {
    lines.push_back(fmt::format(
        "{}, no two different people were taken for one: the rate is below {} if every comparison "
        "were independent, and below {} counting pairs of people only once each.",
        at, ShowRate(RuleOfThree(static_cast<double>(evaluation.verification->impostor_pairs))),
        ShowRate(RuleOfThree(std::floor(static_cast<double>(dataset.subjects) / 2)))));
  }
  if (evaluation.verification->mated_pairs > 0 && point->misses == 0) {
    lines.push_back(fmt::format(
        "Nobody was missed in comparisons with another photo of themselves: the rate is below {} "
        "counting people.",
        ShowRate(RuleOfThree(static_cast<double>(evaluation.verification->mated_subjects)))));
  } else if (evaluation.verification->mated_pairs > 0) {
    lines.push_back(fmt::format(
        "A person is missed in {} of comparisons with another photo of themselves when everybody "
        "weighs the same (95 %: {} to {}).",
        ShowRate(point->fnmr_by_subject.value), ShowRate(point->fnmr_by_subject.interval.low),
        ShowRate(point->fnmr_by_subject.interval.high)));
  } else {
    lines.push_back(
        "Nobody has two pictures, so nothing can be said of how often people are missed.");
  }
  const auto index = static_cast<std::size_t>(point - evaluation.verification->points.data());
  const Worst worst = WorstGroup(evaluation, index, true);
  const Worst missed = WorstGroup(evaluation, index, false);
  if (worst.group != nullptr) lines.push_back(WorstInWords(worst, point->fmr.value, true));
  if (missed.group != nullptr) lines.push_back(WorstInWords(missed, point->fnmr.value, false));
  AddLive(evaluation, *point, worst, live, &lines);
  if (evaluation.tail && static_cast<double>(point->false_matches) < kCountable &&
      point->threshold.value >= evaluation.tail->tail.threshold) {
    const double rate = evaluation.tail->tail.Exceedance(point->threshold.value);
    lines.push_back(fmt::format(
        "Extrapolated, not measured: by the tail of the scores the rate of false matches at the "
        "threshold in use is {}.",
        rate >= evaluation.tail->least_fmr ? ShowRate(rate)
                                           : "below " + ShowRate(evaluation.tail->least_fmr)));
  }
}

void AddHeadline(const Dataset& dataset, const Enrolment& enrolment, const Evaluation& evaluation,
                 const Provenance& provenance, const LiveUse& live, Document* document) {
  AddErrors(dataset, evaluation, provenance, live, &document->headline);
  const std::uint64_t images = dataset.images.size(), failures = enrolment.failures();
  const Interval failed = ClopperPearson(failures, images);
  const std::string evaluated = fmt::format("{} pictures of {} people were evaluated.",
                                            ShowCount(images), ShowCount(dataset.subjects));
  document->headline.push_back(
      failures == 0
          ? fmt::format("{} All gave a usable face: the rate of failures is below {}.", evaluated,
                        ShowRate(failed.high))
          : fmt::format("{} {} gave no usable face and count as missed in all figures: {} (95 %: "
                        "{} to {}).",
                        evaluated, ShowCount(failures),
                        ShowRate(static_cast<double>(failures) / static_cast<double>(images)),
                        ShowRate(failed.low), ShowRate(failed.high)));
}

}  // namespace

std::string DataHash(const Dataset& dataset, const Enrolment& enrolment) {
  Sha256Stream hash;
  const auto add = [&](const std::string& text) {
    hash.Update(AsBytes(text));
    hash.Update(AsBytes(std::string_view("\0", 1)));
  };
  for (std::size_t i = 0; i < dataset.images.size(); ++i) {
    add(dataset.images[i].name);
    add(std::to_string(dataset.images[i].subject));
    hash.Update(enrolment.digests[i]);
    for (const Grouping& grouping : dataset.groupings) {
      const std::uint16_t group = grouping.of_image[i];
      add(grouping.name);
      add(group == kNoGroup ? "" : grouping.groups[group]);
    }
  }
  for (const ListedPair& pair : dataset.pairs) {
    add(fmt::format("{} {} {} {}", pair.a, pair.b, pair.same, pair.fold));
  }
  return ToHex(hash.Finish());
}

Document MakeReport(const Dataset& dataset, const Enrolment& enrolment,
                    const Evaluation& evaluation, const Provenance& provenance,
                    const LiveUse& live) {
  Document document;
  document.title = "How often this system is wrong, and for whom";
  document.facts = {{"Command", provenance.command},
                    {"Date", provenance.date},
                    {"Model", provenance.model},
                    {"Precision", provenance.precision},
                    {"CPU", provenance.cpu},
                    {"Data", fmt::format("sha256 {}", provenance.data_hash)},
                    {"Threshold in use", provenance.threshold_name}};
  if (!provenance.fillers.empty()) document.facts.emplace_back("Fillers", provenance.fillers);
  AddHeadline(dataset, enrolment, evaluation, provenance, live, &document);
  document.notes = dataset.notes;
  document.notes.insert(document.notes.end(), evaluation.notes.begin(), evaluation.notes.end());
  document.sections.push_back(DataSection(dataset, enrolment));
  if (evaluation.verification) {
    document.sections.push_back(VerificationSection(evaluation));
    if (evaluation.tail) document.sections.push_back(TailSection(evaluation));
    if (!evaluation.verification->groups.empty()) {
      document.sections.push_back(GroupSection(evaluation));
    }
  }
  if (evaluation.identification) document.sections.push_back(SearchSection(evaluation));
  if (evaluation.trials) document.sections.push_back(TrialSection(evaluation));
  if (evaluation.verification) document.sections.push_back(SuspectSection(dataset, evaluation));
  return document;
}

}  // namespace candid::eval
