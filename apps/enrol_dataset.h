// EnrolDataset: the templates of a labelled folder, with progress, Ctrl-C and the cache that makes
// a second run start where the first one stopped.
#pragma once

#include <string>

#include "apps/command.h"
#include "candid/eval/enrolment.h"

namespace candid::apps {

struct EnrolSettings {
  std::size_t jobs = 1;
  int border_pct = 0;
  std::string precision;  // the pipeline's, part of the cache's key
  std::string cache;      // folder; empty: the state folder's eval/
  bool no_cache = false;
};

// kCancelled after Ctrl-C. A cache that cannot be written is said on standard error.
Result<eval::Enrolment> EnrolDataset(const Context& context, const face::Pipeline& pipeline,
                                     const eval::Dataset& dataset, const EnrolSettings& settings);

// "2026-11-25", UTC.
std::string Today();

}  // namespace candid::apps
