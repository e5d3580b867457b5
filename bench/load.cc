// load photo PORTRAIT WIDTH FILE
//   A photo of that width, of the person of PORTRAIT.
// load alone PACK.toml PHOTO THREADS SECONDS
//   A photo through the pipeline, bytes to the template of the largest face.
// load http PORT REQUEST CONNECTIONS SECONDS [RATE]
//   The bytes of REQUEST, signed by whoever wrote them, over and over; as fast as answers come or,
//   with RATE, so many a second on whatever connection is free, with no regard to the answers.
//
// The last two print JSON: how many answers had status 200 and how many were a ThrottlingException
// (any other ends it), the median and 99th percentile of either in milliseconds, the seconds that
// all took and the CPU seconds of this process. One thread sends: what it takes from the cores that
// it shares with the server is the CPU seconds.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <mutex>
#include <thread>
#include <vector>

#include "candid/base/files.h"
#include "candid/face/pipeline.h"
#include "candid/models/pack.h"
#include "photo.h"

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

template <typename T>
T OrDie(candid::Result<T> result) {
  if (result.has_value()) return *std::move(result);
  fmt::print(stderr, "{}\n", result.error().message());
  std::exit(1);
}

[[noreturn]] void Die(const char* doing) {
  std::perror(doing);
  std::exit(1);
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

using Milliseconds = std::vector<double>;

void Report(Milliseconds ok, Milliseconds refused, double seconds, double cpu) {
  const auto at = [](Milliseconds& ms, double share) {
    std::ranges::sort(ms);
    return ms.empty() ? 0
                      : ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
  };
  fmt::print(
      "{{\"ok\":{},\"refused\":{},\"seconds\":{:.3f},\"cpu\":{:.3f},\"p50\":{:.3f},"
      "\"p99\":{:.3f},\"refused_p50\":{:.3f},\"refused_p99\":{:.3f}}}\n",
      ok.size(), refused.size(), seconds, cpu, at(ok, 0.5), at(ok, 0.99), at(refused, 0.5),
      at(refused, 0.99));
}

void Alone(const char* manifest, const char* photo, std::size_t threads, Seconds duration) {
  const auto pipeline = OrDie(candid::face::Pipeline::Create(
      OrDie(candid::models::ReadManifest(std::filesystem::absolute(manifest)))));
  const candid::Bytes file = OrDie(candid::ReadFile(photo, 16u << 20));
  std::mutex mutex;
  Milliseconds all;
  const auto work = [&](Clock::time_point end, bool counts) {
    Milliseconds ms;
    while (Clock::now() < end) {
      const auto begun = Clock::now();
      const auto seen = OrDie(pipeline->Detect(file));
      const std::size_t first = 0;
      if (!seen.faces().empty()) OrDie(pipeline->Embed(seen, {&first, 1}));
      ms.push_back(Seconds(Clock::now() - begun).count() * 1e3);
    }
    if (!counts) return;
    const std::lock_guard guard(mutex);
    all.insert(all.end(), ms.begin(), ms.end());
  };
  const auto round = [&](Seconds length, bool counts) {
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(length);
    std::vector<std::thread> running;
    for (std::size_t i = 0; i < threads; ++i) running.emplace_back(work, end, counts);
    for (std::thread& one : running) one.join();
  };
  round(Seconds(0.5), false);  // sessions are made, caches filled
  const auto begun = Clock::now();
  const double cpu = CpuSeconds();
  round(duration, true);
  Report(std::move(all), {}, Seconds(Clock::now() - begun).count(), CpuSeconds() - cpu);
}

// Connections that are either free or have one request on its way.
class Load {
 public:
  Load(std::uint16_t port, candid::Bytes request)
      : port_(port), request_(std::move(request)), epoll_(epoll_create1(0)) {}

  void Run(std::size_t connections, Seconds duration, double rate) {
    lines_.resize(connections);
    for (std::size_t i = 0; i < connections; ++i) {
      Connect(i);
      free_.push_back(i);
    }
    const auto begun = Clock::now();
    const double cpu = CpuSeconds();
    std::size_t sent = 0;
    double elapsed = 0;
    // What was asked for in time is answered at the end, so that neither work nor the slowest are
    // cut off.
    while ((elapsed = Seconds(Clock::now() - begun).count()) < duration.count() ||
           free_.size() < connections) {
      // Due at its place in the schedule, however late it leaves.
      while (elapsed < duration.count() && !free_.empty() &&
             (rate == 0 || static_cast<double>(sent) <= elapsed * rate)) {
        const Seconds due(rate == 0 ? elapsed : static_cast<double>(sent) / rate);
        Send(free_.back(), begun + std::chrono::duration_cast<Clock::duration>(due));
        free_.pop_back();
        ++sent;
      }
      // A schedule is kept to the millisecond; without one there is nothing to do before an answer.
      Receive(rate == 0 ? 100 : 1);
    }
    Report(std::move(ok_), std::move(refused_), elapsed, CpuSeconds() - cpu);
  }

 private:
  struct Line {
    int socket = -1;
    Clock::time_point due;
    std::size_t written = 0;
    std::string answer;
  };

  void Connect(std::size_t i) {
    Line& line = lines_[i];
    if (line.socket >= 0) close(line.socket);
    line.socket = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(line.socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      Die("connect");
    }
    const int yes = 1;
    setsockopt(line.socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    fcntl(line.socket, F_SETFL, O_NONBLOCK);
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.u64 = i}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, line.socket, &event) != 0) Die("epoll_ctl");
    line.written = request_.size();
  }

  void Send(std::size_t i, Clock::time_point due) {
    lines_[i].due = due;
    lines_[i].written = 0;
    lines_[i].answer.clear();
    Write(lines_[i]);
  }

  void Write(Line& line) {
    while (line.written < request_.size()) {
      const ssize_t size = send(line.socket, request_.data() + line.written,
                                request_.size() - line.written, MSG_NOSIGNAL);
      if (size < 0) {
        if (errno == EAGAIN) return;
        Die("send");
      }
      line.written += static_cast<std::size_t>(size);
    }
  }

  void Receive(int timeout_ms) {
    epoll_event events[64];
    const int count = epoll_wait(epoll_, events, std::size(events), timeout_ms);
    for (int e = 0; e < count; ++e) {
      const auto i = static_cast<std::size_t>(events[e].data.u64);
      Line& line = lines_[i];
      Write(line);
      char buffer[16384];
      ssize_t size = 0;
      while ((size = recv(line.socket, buffer, sizeof buffer, 0)) > 0) {
        line.answer.append(buffer, static_cast<std::size_t>(size));
      }
      if (IsWhole(line.answer)) {
        Finish(i);
      } else if (size == 0) {
        fmt::print(stderr, "the server closed a connection without an answer\n");
        std::exit(1);
      }
    }
  }

  static bool IsWhole(const std::string& answer) {
    constexpr std::string_view kLength = "Content-Length: ";
    const std::size_t end = answer.find("\r\n\r\n");
    const std::size_t at = answer.find(kLength);
    if (end == std::string::npos || at > end) return false;
    std::size_t length = 0;
    std::from_chars(answer.data() + at + kLength.size(), answer.data() + end, length);
    return answer.size() >= end + 4 + length;
  }

  void Finish(std::size_t i) {
    Line& line = lines_[i];
    const double ms = Seconds(Clock::now() - line.due).count() * 1e3;
    if (line.answer.starts_with("HTTP/1.1 200 ")) {
      ok_.push_back(ms);
    } else if (line.answer.find("ThrottlingException") != std::string::npos) {
      refused_.push_back(ms);
    } else {
      fmt::print(stderr, "{}\n", line.answer);
      std::exit(1);
    }
    const bool closes = line.answer.find("\r\nConnection: close\r\n") != std::string::npos;
    line.answer.clear();
    if (closes) Connect(i);
    free_.push_back(i);
  }

  const std::uint16_t port_;
  const candid::Bytes request_;
  const int epoll_;
  std::vector<Line> lines_;
  std::vector<std::size_t> free_;
  Milliseconds ok_, refused_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "photo" && argc == 5) {
    const auto portrait = OrDie(candid::ReadFile(argv[2], 16u << 20));
    const auto made = OrDie(candid::bench::MakePhoto(portrait, std::stoi(argv[3])));
    std::ofstream(argv[4]).write(reinterpret_cast<const char*>(made.data()),
                                 static_cast<std::streamsize>(made.size()));
  } else if (what == "alone" && argc == 6) {
    Alone(argv[2], argv[3], std::stoul(argv[4]), Seconds(std::stod(argv[5])));
  } else if (what == "http" && (argc == 6 || argc == 7)) {
    Load(static_cast<std::uint16_t>(std::stoul(argv[2])),
         OrDie(candid::ReadFile(argv[3], 32u << 20)))
        .Run(std::stoul(argv[4]), Seconds(std::stod(argv[5])), argc == 7 ? std::stod(argv[6]) : 0);
  } else {
    fmt::print(stderr,
               "usage: load photo PORTRAIT WIDTH FILE\n"
               "       load alone PACK.toml PHOTO THREADS SECONDS\n"
               "       load http PORT REQUEST CONNECTIONS SECONDS [RATE]\n");
    return 2;
  }
}
