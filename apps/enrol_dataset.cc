#include "apps/enrol_dataset.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <ctime>

#include "apps/interrupt.h"
#include "apps/progress.h"

namespace candid::apps {
namespace {

Result<std::unique_ptr<eval::TemplateCache>> OpenCache(const Context& context,
                                                       const EnrolSettings& settings,
                                                       const eval::CacheKey& key) {
  if (settings.no_cache) return nullptr;
  const std::filesystem::path folder =
      settings.cache.empty() ? context.state / "eval" : std::filesystem::path(settings.cache);
  return eval::TemplateCache::Open(folder, key);
}

}  // namespace

std::string Today() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{:04}-{:02}-{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
}

Result<eval::Enrolment> EnrolDataset(const Context& context, const face::Pipeline& pipeline,
                                     const eval::Dataset& dataset, const EnrolSettings& settings) {
  CANDID_ASSIGN(const auto cache, OpenCache(context, settings,
                                            {pipeline.model_hash(), settings.precision,
                                             pipeline.dimension(), settings.border_pct}));
  CANDID_ASSIGN(eval::Enrolment enrolment, [&]() -> Result<eval::Enrolment> {
    Interrupt interrupt;
    Progress progress(dataset.images.size(), std::chrono::steady_clock::now());
    ProgressLine line;
    return eval::EnrolAll(pipeline, dataset, {settings.jobs, settings.border_pct, cache.get()},
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
