// Progress: how far long work has come, how fast, and how long it will take, in one line.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>

namespace candid::apps {

// Rate and time left come from the last ten seconds, so that files skipped in a moment at the start
// do not promise a speed that will not be kept.
class Progress {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Progress(std::size_t total, Time start) : total_(total) { marks_.push_back({start, 0}); }

  void Update(std::size_t done, Time now);
  // "[#####     ]  50/100  9.8/s  0:05 left".
  std::string Line() const;

 private:
  struct Mark {
    Time time;
    std::size_t done;
  };
  const std::size_t total_;
  std::deque<Mark> marks_;
};

// One line of standard error that is written over and over; silent where that is no terminal.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine() { Clear(); }
  void Show(const std::string& line);
  void Clear();

 private:
  const bool terminal_;
  bool shown_ = false;
};

}  // namespace candid::apps
