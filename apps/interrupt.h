// Interrupt: Ctrl-C and SIGTERM as something to ask about. No code runs in a signal handler.
#pragma once

#include <csignal>

namespace candid::apps {

// Make it before any thread, so that all inherit the mask. One thread asks. When it goes, the two
// end the process again.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // One of the two has come; stays true.
  bool Came();
  // Returns when one of the two has come.
  void Wait();

 private:
  sigset_t signals_;
  sigset_t before_;
  bool came_ = false;
};

}  // namespace candid::apps
