// Admission: whether a request may wait for a worker, by how long that would be.
//
// The expected wait is the time of what runs and what waits, over the number of workers; the time
// of a request is the moving average of its kind, measured here. A request that could not begin
// before its deadline is refused at once. Where the wait is over the server's own patience, more
// comes than can be done, and then a long queue makes everybody late without one request more being
// answered: until about as much is answered as comes, or nothing for a second, a request may wait
// no longer than it takes itself.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

namespace candid::net {

// Not thread-safe. Times come from the caller and never go back.
class Admission {
 public:
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;

  struct Options {
    std::size_t workers = 1;
    std::size_t queue_limit = 64;   // requests that wait
    Seconds patience = Seconds(5);  // the longest wait
    std::size_t kinds = 1;          // of requests, which take different times
  };

  explicit Admission(const Options& options);

  // True: it waits. `deadline` is the client's own, time_point::max() where there is none. Until
  // something of a kind was measured, such requests count as no time at all.
  bool Admit(std::size_t kind, Clock::time_point deadline, Clock::time_point now);
  // The first that waits begins.
  void Begin(std::size_t kind, Clock::time_point now);
  // What began at `begun` has ended. `typical`: it was done, and so tells how long its kind takes.
  void End(std::size_t kind, Clock::time_point begun, bool typical, Clock::time_point now);

  // Of a request that came now.
  Seconds ExpectedWait(Clock::time_point now) const;
  // Whether more comes than can be done.
  bool strained() const { return strained_; }

 private:
  struct Running {
    std::size_t kind;
    Clock::time_point begun;
  };

  void Tally(Clock::time_point now);

  const Options options_;
  std::vector<double> seconds_;  // a kind's average; 0: not measured
  std::vector<Running> running_;
  std::size_t waiting_ = 0;
  double waiting_seconds_ = 0;

  bool strained_ = false;
  Clock::time_point window_{};  // the counts' beginning
  std::size_t came_ = 0;
  std::size_t answered_ = 0;
};

}  // namespace candid::net
