#include "cluster.h"

namespace retort::emulation {

Cluster::Cluster(const Launch& launch, const Kernel& kernel, Schedule& schedule)
    : grid_(launch.grid), schedule_(schedule), sequence_(schedule.sequence(launch.cluster)) {
  for (unsigned rank = 0; rank < launch.cluster; ++rank) {
    blocks_.push_back(std::make_unique<Block>(launch, kernel, *this, rank, schedule));
  }
}

void Cluster::run(std::size_t index) {
  start(index);
  try {
    run_to_end();
  } catch (...) {
    for (const auto& block : blocks_) block->cancel();
    throw;
  }
}

void Cluster::start(std::size_t index) {
  for (const auto& block : blocks_) {
    block->start(place_in(grid_, index * size() + block->rank()));
  }
}

// After each turn every block has ended or is at the barrier of the cluster, to which those that
// have ended count.
void Cluster::run_to_end() {
  for (bool ran = true; ran;) {
    schedule_.renew(sequence_);
    ran = false;
    for (const unsigned rank : sequence_) ran |= blocks_[rank]->run();
    for (const auto& block : blocks_) block->release_cluster_barrier();
  }
  if (size() == 1) return;
  for (const auto& block : blocks_) block->check_closed("after the block had ended");
}

}  // namespace retort::emulation
