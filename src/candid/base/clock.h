// Time as the product sees it; injected, so that a test can set it.
#pragma once

#include <chrono>

namespace candid {

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall time in UTC.
  virtual std::chrono::system_clock::time_point Now() const = 0;
};

// The machine's clock. Thread-safe, lives for ever.
const Clock& SystemClock();

// Seconds since 1970 with the fraction, as Rekognition's wire writes timestamps.
double ToEpochSeconds(std::chrono::system_clock::time_point time);

}  // namespace candid
