// One CUDA thread: its place, the fibre it runs on from its first instruction to its last, and what
// it waits for.
#pragma once

#include <cstdint>
#include <exception>

#include "asynchronous_copies.h"
#include "diagnosis.h"
#include "fibre.h"
#include "place.h"

namespace retort::emulation {

class Block;
class Warp;

// The kernel with its arguments.
struct Kernel {
  void (*call)(const void* arguments);
  const void* arguments;
};

// What a thread brings to an operation of its warp.
struct WarpOperation {
  enum class Kind { kSynchronize, kShuffle, kShuffleUp, kShuffleDown, kShuffleXor, kVote };
  Kind kind = Kind::kSynchronize;
  unsigned mask = 0;
  std::uint64_t value = 0;
  unsigned bytes = 0;   // of the value
  unsigned source = 0;  // the lane whose value a shuffle returns
  Site site;
};

class Thread : public Place {
 public:
  Thread(const Kernel& kernel, Block& block, Warp& warp, unsigned lane)
      : kernel_(kernel), block_(block), warp_(warp), lane_(lane) {}

  // The one that runs; an Error outside a launch.
  static Thread& current();

  Block& block() const { return block_; }
  Warp& warp() const { return warp_; }
  unsigned lane() const { return lane_; }
  AsynchronousCopies& copies() { return copies_; }

  // For the scheduler. Starts the thread anew, at this place.
  void start(const Place& place);
  // Runs it until it waits or ends; throws what it threw.
  void resume();
  // Ends it where it waits, with its destructors run.
  void cancel();

  // For the thread itself, with its lane marked as waiting: returns when the scheduler resumes it.
  void wait();

  // What it waits at, and what it gets.
  Site site;
  WarpOperation operation;
  std::uint64_t result = 0;

 private:
  static void run(void* thread);

  Kernel kernel_;
  Block& block_;
  Warp& warp_;
  unsigned lane_;
  Fibre* fibre_ = nullptr;  // null before the first instruction and after the last
  bool cancelled_ = false;
  std::exception_ptr failure_;
  AsynchronousCopies copies_;
};

}  // namespace retort::emulation
