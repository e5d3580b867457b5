#include "candid/net/admission.h"

#include <algorithm>

namespace candid::net {
namespace {

constexpr double kWeight = 0.125;  // of the newest time in the average
constexpr auto kWindow = std::chrono::seconds(1);
constexpr double kSurplus =
    1.25;  // what comes over what is answered, from which a queue only grows

}  // namespace

Admission::Admission(const Options& options) : options_(options), seconds_(options.kinds) {}

bool Admission::Admit(std::size_t kind, Clock::time_point deadline, Clock::time_point now) {
  Tally(now);
  ++came_;
  const Seconds wait = ExpectedWait(now);
  if (waiting_ >= options_.queue_limit || wait > options_.patience) {
    strained_ = true;
    return false;
  }
  if (now + wait > deadline) return false;
  if (strained_ && seconds_[kind] > 0 && wait.count() > seconds_[kind]) return false;
  ++waiting_;
  waiting_seconds_ += seconds_[kind];
  return true;
}

void Admission::Begin(std::size_t kind, Clock::time_point now) {
  --waiting_;
  // Its average may have moved since it came; with nobody waiting the sum is known again.
  waiting_seconds_ = waiting_ == 0 ? 0 : std::max(0.0, waiting_seconds_ - seconds_[kind]);
  running_.push_back({kind, now});
}

void Admission::End(std::size_t kind, Clock::time_point begun, bool typical,
                    Clock::time_point now) {
  const auto ended = std::find_if(running_.begin(), running_.end(), [&](const Running& one) {
    return one.kind == kind && one.begun == begun;
  });
  if (ended != running_.end()) running_.erase(ended);
  ++answered_;
  if (!typical) return;
  const double took = Seconds(now - begun).count();
  double& average = seconds_[kind];
  average = average == 0 ? took : average + kWeight * (took - average);
}

Admission::Seconds Admission::ExpectedWait(Clock::time_point now) const {
  if (waiting_ + running_.size() < options_.workers) return Seconds(0);
  double ahead = waiting_seconds_;
  for (const Running& one : running_) {
    ahead += std::max(0.0, seconds_[one.kind] - Seconds(now - one.begun).count());
  }
  return Seconds(ahead / static_cast<double>(options_.workers));
}

void Admission::Tally(Clock::time_point now) {
  if (now - window_ < kWindow) return;
  // Whoever comes ends a window that is over: two windows' time is at least one without anybody.
  const bool silence = now - window_ >= 2 * kWindow;
  if (silence || static_cast<double>(came_) <= kSurplus * static_cast<double>(answered_)) {
    strained_ = false;
  }
  window_ = now;
  came_ = answered_ = 0;
}

}  // namespace candid::net
