// Up to 32 threads that exchange values. A lane is ready, or waits at an operation of its warp, at
// the barrier of its block or of its cluster, or has ended: one bit in one of five masks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "launch_shape.h"
#include "order.h"
#include "thread.h"

namespace retort::emulation {

enum class Barrier { kBlock, kCluster };

class Warp {
 public:
  Warp(const Kernel& kernel, Block& block, unsigned index, unsigned lanes, Schedule& schedule);

  void start(const Place& block);
  // Runs the warp until every lane is at a barrier or has ended; false when none could run.
  bool run();
  void cancel();

  // For the running thread: waits with the other lanes of the mask, and returns what the operation
  // gives it.
  std::uint64_t exchange(Thread& thread, const WarpOperation& operation);
  // For the running thread: waits for the other threads of the block or cluster.
  void wait_at(Barrier barrier, Thread& thread, const Site& site);
  void mark_ended(unsigned lane);

  // For the block, between two runs.
  bool ended() const { return ended_ == present_; }
  unsigned at(Barrier barrier) const { return at_barrier_[static_cast<int>(barrier)]; }
  void release(Barrier barrier);
  // The source line of the barrier at which the warp waits.
  const Site& barrier_site() const;
  // block (2,0,0), warp 3
  std::string name() const;

 private:
  bool complete(const WarpOperation& operation);
  std::string describe_stuck() const;
  std::string describe_divergence() const;
  unsigned bit(unsigned lane) const { return 1U << lane; }

  unsigned index_;
  unsigned present_;
  unsigned ready_ = 0;
  unsigned at_operation_ = 0;
  unsigned at_barrier_[2] = {0, 0};
  unsigned ended_ = 0;
  std::vector<std::unique_ptr<Thread>> threads_;
  Schedule& schedule_;
  std::vector<unsigned> sequence_;
};

}  // namespace retort::emulation
