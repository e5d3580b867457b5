#include "apps/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace candid::apps {
namespace {

constexpr std::chrono::seconds kWindow{10};
constexpr std::size_t kBarWidth = 20;

std::string FormatDuration(double seconds) {
  const auto s = static_cast<long>(seconds + 0.5);
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

}  // namespace

void Progress::Update(std::size_t done, Time now) {
  marks_.push_back({now, done});
  while (marks_.size() > 2 && now - marks_[1].time >= kWindow) marks_.pop_front();
}

std::string Progress::Line() const {
  const Mark& first = marks_.front();
  const Mark& last = marks_.back();
  const std::size_t filled = total_ == 0 ? kBarWidth : last.done * kBarWidth / total_;
  std::string line =
      fmt::format("[{:{}}]  {}/{}", std::string(filled, '#'), kBarWidth, last.done, total_);
  const double seconds = std::chrono::duration<double>(last.time - first.time).count();
  if (seconds <= 0 || last.done == first.done) return line;
  const double rate = static_cast<double>(last.done - first.done) / seconds;
  line += fmt::format("  {:.1f}/s", rate);
  if (last.done < total_) {
    line +=
        fmt::format("  {} left", FormatDuration(static_cast<double>(total_ - last.done) / rate));
  }
  return line;
}

ProgressLine::ProgressLine() : terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressLine::Show(const std::string& line) {
  if (!terminal_) return;
  std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
  std::fflush(stderr);
  shown_ = true;
}

void ProgressLine::Clear() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

}  // namespace candid::apps
