// The warps that share a barrier and a memory. Runs one warp for as long as it can go on, then the
// next.
#pragma once

#include <memory>
#include <vector>

#include "launch_shape.h"
#include "order.h"
#include "shared_memory.h"
#include "warp.h"

namespace retort::emulation {

class Cluster;

class Block {
 public:
  Block(const Launch& launch, const Kernel& kernel, Cluster& cluster, unsigned rank,
        Schedule& schedule);

  void start(uint3 index);
  // Runs the block until every thread has ended or is at the barrier of the cluster; false when
  // none could run.
  bool run();
  void cancel();

  bool ended() const;
  // Lets go on who waits at the barrier of the cluster.
  void release_cluster_barrier() { release(Barrier::kCluster); }
  // Throws when a peer wrote here while the block did not run: `when`.
  void check_closed(const char* when) const;

  Cluster& cluster() const { return cluster_; }
  unsigned rank() const { return rank_; }
  const SharedMemory& shared() const { return shared_; }
  std::string name() const;

 private:
  void begin();
  bool run_warps();
  bool release_block_barrier();
  void release(Barrier barrier);
  void check_same_barrier() const;
  void end();

  Place place_;
  Cluster& cluster_;
  unsigned rank_;
  bool begun_ = false;
  SharedMemory shared_;
  std::vector<std::unique_ptr<Warp>> warps_;
  Schedule& schedule_;
  std::vector<unsigned> sequence_;
};

}  // namespace retort::emulation
