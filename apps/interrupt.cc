#include "apps/interrupt.h"

#include <ctime>

namespace candid::apps {

Interrupt::Interrupt() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
}

Interrupt::~Interrupt() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool Interrupt::Came() {
  const timespec now{};
  came_ = came_ || sigtimedwait(&signals_, nullptr, &now) > 0;
  return came_;
}

void Interrupt::Wait() {
  int received = 0;
  if (!came_) sigwait(&signals_, &received);
  came_ = true;
}

}  // namespace candid::apps
