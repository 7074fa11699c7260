#include "thread.h"

#include "warp.h"

namespace retort::emulation {
namespace {

// Unwinds the stack of a thread that ends because another failed.
struct Cancelled {};

}  // namespace

__thread const Place* here = nullptr;

Thread& Thread::current() {
  if (here == nullptr) throw Error("an operation of a kernel was called outside a launch");
  return *const_cast<Thread*>(static_cast<const Thread*>(here));
}

void Thread::start(const Place& place) {
  static_cast<Place&>(*this) = place;
  copies_.clear();
}

void Thread::resume() {
  if (fibre_ == nullptr) {
    fibre_ = FibrePool::of_this_thread().take();
    fibre_->begin(&run, this);
  }
  here = this;
  const bool ended = fibre_->resume();
  here = nullptr;
  if (!ended) return;
  FibrePool::of_this_thread().put_back(fibre_);
  fibre_ = nullptr;
  warp_.mark_ended(lane_);
  if (failure_) std::rethrow_exception(failure_);
}

void Thread::cancel() {
  if (fibre_ == nullptr) return;
  cancelled_ = true;
  resume();
}

void Thread::wait() {
  fibre_->suspend();
  if (cancelled_) throw Cancelled();
}

void Thread::run(void* thread) {
  Thread& self = *static_cast<Thread*>(thread);
  try {
    self.kernel_.call(self.kernel_.arguments);
    if (const Site* copy = self.copies_.outstanding()) {
      fail_here("ended without waiting for its copy at " + text_of(*copy));
    }
  } catch (const Cancelled&) {
  } catch (...) {
    self.failure_ = std::current_exception();
  }
}

}  // namespace retort::emulation
