#include "apps/enrol_dataset.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "apps/duration.h"
#include "apps/interrupt.h"
#include "apps/progress.h"
#include "candid/base/clock.h"

namespace candid::apps {
namespace {

Result<std::unique_ptr<eval::TemplateCache>> OpenCache(const Context& context,
                                                       const Measuring& measuring,
                                                       const eval::CacheKey& key) {
  if (measuring.no_cache) return nullptr;
  const std::filesystem::path folder =
      measuring.cache.empty() ? context.state / "eval" : std::filesystem::path(measuring.cache);
  return eval::TemplateCache::Open(folder, key);
}

}  // namespace

std::string Measuring::DateOrToday() const {
  return date.empty() ? FormatTime(SystemClock().Now()).substr(0, 10) : date;
}

void AddMeasuring(CLI::App* command, Measuring* measuring) {
  command
      ->add_option("--precision", measuring->precision,
                   "auto, f32, or bf16; auto is what the server takes on this machine")
      ->check(CLI::IsMember({"auto", "f32", "bf16"}))
      ->capture_default_str();
  command->add_option("--seed", measuring->seed, "Of draws and bootstrap")->capture_default_str();
  command->add_option("--resamples", measuring->resamples, "Of the bootstrap")
      ->check(CLI::Range(1, 20000))
      ->capture_default_str();
  command->add_option("--jobs", measuring->jobs, "Threads")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--cache", measuring->cache, "Keep templates in this folder");
  command->add_flag("--no-cache", measuring->no_cache, "Keep no templates");
  command->add_option("--date", measuring->date, "Written into what is made; today");
}

Result<eval::Enrolment> EnrolDataset(const Context& context, const face::Pipeline& pipeline,
                                     infer::Precision precision, const eval::Dataset& dataset,
                                     const Measuring& measuring, int border_pct) {
  CANDID_ASSIGN(const auto cache,
                OpenCache(context, measuring,
                          {pipeline.model_hash(), std::string(infer::NameOf(precision)),
                           pipeline.dimension(), border_pct}));
  CANDID_ASSIGN(eval::Enrolment enrolment, [&]() -> Result<eval::Enrolment> {
    Interrupt interrupt;
    Progress progress(dataset.images.size(), std::chrono::steady_clock::now());
    ProgressLine line;
    return eval::EnrolAll(pipeline, dataset, {measuring.jobs, border_pct, cache.get()},
                          [&](std::size_t done) {
                            progress.Update(done, std::chrono::steady_clock::now());
                            line.Show(progress.Line());
                            return !interrupt.Came();
                          });
  }());
  if (cache && !cache->written()) {
    std::fputs("candid: the cache of templates could not be written; a rerun starts anew\n",
               stderr);
  }
  return enrolment;
}

}  // namespace candid::apps
