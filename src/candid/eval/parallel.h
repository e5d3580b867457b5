// Parallel: a loop over many threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace candid::eval {

// Calls body(thread, i) once for each i of 0..count-1, on `jobs` threads (at least one) numbered
// from 0. The body must not throw.
template <typename Body>
void ParallelFor(std::size_t count, std::size_t jobs, const Body& body) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&](std::size_t thread) {
    for (std::size_t i = next++; i < count; i = next++) body(thread, i);
  };
  std::vector<std::thread> threads;
  for (std::size_t t = 1; t < std::clamp<std::size_t>(jobs, 1, std::max<std::size_t>(count, 1));
       ++t) {
    threads.emplace_back(work, t);
  }
  work(0);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace candid::eval
