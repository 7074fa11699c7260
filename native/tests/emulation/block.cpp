#include "block.h"

#include <algorithm>

#include "cluster.h"

namespace retort::emulation {

Block::Block(const Launch& launch, const Kernel& kernel, Cluster& cluster, unsigned rank,
             Schedule& schedule)
    : place_{{0, 0, 0}, {0, 0, 0}, launch.block, launch.grid},
      cluster_(cluster),
      rank_(rank),
      shared_(launch.shared_bytes),
      schedule_(schedule) {
  const auto threads = static_cast<unsigned>(count_of(launch.block));
  for (unsigned first = 0; first < threads; first += kWarpSize) {
    const unsigned lanes = std::min(kWarpSize, threads - first);
    warps_.push_back(std::make_unique<Warp>(kernel, *this, first / kWarpSize, lanes, schedule));
  }
  sequence_ = schedule.sequence(static_cast<unsigned>(warps_.size()));
}

void Block::start(uint3 index) {
  place_.block_index = index;
  begun_ = false;
  for (const auto& warp : warps_) warp->start(place_);
}

bool Block::run() {
  if (!begun_) begin();
  if (!run_warps()) return false;
  while (release_block_barrier()) run_warps();
  if (ended()) end();
  return true;
}

void Block::begin() {
  if (cluster_.size() > 1) check_closed("before the block began: the cluster has to meet first");
  begun_ = true;
  shared_.open();
}

bool Block::run_warps() {
  schedule_.renew(sequence_);
  bool ran = false;
  for (const unsigned warp : sequence_) ran |= warps_[warp]->run();
  return ran;
}

// Every thread has ended or waits at a barrier. Threads that have ended count as arrived.
bool Block::release_block_barrier() {
  check_same_barrier();
  const bool waiting = std::any_of(warps_.begin(), warps_.end(),
                                   [](const auto& warp) { return warp->at(Barrier::kBlock) != 0; });
  if (waiting) release(Barrier::kBlock);
  return waiting;
}

void Block::check_same_barrier() const {
  const Warp* first = nullptr;
  for (const auto& warp : warps_) {
    if (warp->ended()) continue;
    if (first == nullptr) first = warp.get();
    const bool at_cluster = warp->at(Barrier::kCluster) != 0;
    if (at_cluster != (first->at(Barrier::kCluster) != 0)) {
      const Warp& block_side = at_cluster ? *first : *warp;
      const Warp& cluster_side = at_cluster ? *warp : *first;
      throw Error(block_side.name() + ": deadlock: waits at the barrier of the block at " +
                  text_of(block_side.barrier_site()) + " while " + cluster_side.name() +
                  " waits at the barrier of the cluster at " +
                  text_of(cluster_side.barrier_site()));
    }
    if (!at_cluster && !(warp->barrier_site() == first->barrier_site())) {
      throw Error(first->name() + ": waits at the barrier at " + text_of(first->barrier_site()) +
                  " while " + warp->name() + " waits at the one at " +
                  text_of(warp->barrier_site()));
    }
  }
}

void Block::release(Barrier barrier) {
  for (const auto& warp : warps_) warp->release(barrier);
}

void Block::cancel() {
  for (const auto& warp : warps_) warp->cancel();
}

bool Block::ended() const {
  return std::all_of(warps_.begin(), warps_.end(), [](const auto& warp) { return warp->ended(); });
}

void Block::end() {
  const std::ptrdiff_t stray = shared_.forbidden_write();
  if (stray != SharedMemory::kNone) {
    throw Error(name() + ": wrote outside its " + std::to_string(shared_.size()) +
                " bytes of shared memory, at byte " + std::to_string(stray));
  }
  shared_.close();
}

void Block::check_closed(const char* when) const {
  const std::ptrdiff_t byte = shared_.forbidden_write();
  if (byte != SharedMemory::kNone) {
    throw Error(name() + ": a peer of its cluster wrote byte " + std::to_string(byte) +
                " of its shared memory " + when);
  }
}

std::string Block::name() const { return "block " + text_of(place_.block_index); }

}  // namespace retort::emulation
