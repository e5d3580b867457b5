// EnrolDataset: the templates of a labelled folder, with progress, Ctrl-C and the cache that makes
// a second run start where the first one stopped.
#pragma once

#include <string>

#include "apps/command.h"
#include "candid/base/cores.h"
#include "candid/eval/bootstrap.h"
#include "candid/eval/enrolment.h"

namespace candid::apps {

// What every command that measures is asked.
struct Measuring {
  std::string precision = "auto";
  std::string date;   // empty: today, UTC
  std::string cache;  // folder; empty: the state folder's eval/
  bool no_cache = false;
  std::uint64_t seed = 1;
  int resamples = 1000;
  std::size_t jobs = UsableCores();

  eval::BootstrapOptions bootstrap() const { return {seed, resamples, jobs}; }
  std::string DateOrToday() const;  // "2026-11-25"
};
void AddMeasuring(CLI::App* command, Measuring* measuring);

// `precision` is the pipeline's, part of the cache's key. kCancelled after Ctrl-C. A cache that
// cannot be written is said on standard error.
Result<eval::Enrolment> EnrolDataset(const Context& context, const face::Pipeline& pipeline,
                                     infer::Precision precision, const eval::Dataset& dataset,
                                     const Measuring& measuring, int border_pct);

}  // namespace candid::apps
