#include "cooperation.h"

#include "block.h"
#include "cluster.h"
#include "thread.h"
#include "warp.h"

namespace retort::emulation {
namespace {

WarpOperation::Kind operation_of(Shuffle kind) {
  switch (kind) {
    case Shuffle::kUp:
      return WarpOperation::Kind::kShuffleUp;
    case Shuffle::kDown:
      return WarpOperation::Kind::kShuffleDown;
    case Shuffle::kXor:
      return WarpOperation::Kind::kShuffleXor;
    case Shuffle::kIndex:
      break;
  }
  return WarpOperation::Kind::kShuffle;
}

// The lane that a shuffle reads: the lane itself where the other would lie beyond its segment of
// `width` lanes. As in PTX, an exclusive or may still reach a lower segment.
unsigned source_of(Shuffle kind, unsigned lane, unsigned operand, unsigned width) {
  const unsigned first = lane & ~(width - 1);
  const unsigned last = first + width - 1;
  switch (kind) {
    case Shuffle::kUp:
      return operand <= lane - first ? lane - operand : lane;
    case Shuffle::kDown:
      return operand <= last - lane ? lane + operand : lane;
    case Shuffle::kXor:
      return (lane ^ operand) <= last ? lane ^ operand : lane;
    case Shuffle::kIndex:
      break;
  }
  return first + (operand & (width - 1));
}

}  // namespace

unsigned char* dynamic_shared() { return Thread::current().block().shared().data(); }

unsigned cluster_rank() { return Thread::current().block().rank(); }

unsigned cluster_blocks() { return Thread::current().block().cluster().size(); }

void sync_cluster(Site site) {
  Thread& thread = Thread::current();
  thread.warp().wait_at(Barrier::kCluster, thread, site);
}

void* shared_of_block(void* shared, unsigned rank) {
  const Block& own = Thread::current().block();
  if (rank >= own.cluster().size()) {
    fail_here("asks for block " + std::to_string(rank) + " of a cluster of " +
              std::to_string(own.cluster().size()));
  }
  if (!own.shared().contains(shared, 0)) {
    fail_here("gives shared_of_block an address outside the shared memory of its block");
  }
  const Block& peer = own.cluster().block(rank);
  if (peer.ended()) {
    fail_here("reaches into the shared memory of " + peer.name() + ", which has ended");
  }
  return peer.shared().data() + (static_cast<unsigned char*>(shared) - own.shared().data());
}

void sync_block(const Site& site) {
  Thread& thread = Thread::current();
  thread.warp().wait_at(Barrier::kBlock, thread, site);
}

void sync_warp(unsigned mask, const Site& site) {
  Thread& thread = Thread::current();
  WarpOperation operation;
  operation.kind = WarpOperation::Kind::kSynchronize;
  operation.mask = mask;
  operation.site = site;
  thread.warp().exchange(thread, operation);
}

unsigned vote(unsigned mask, bool predicate, const Site& site) {
  Thread& thread = Thread::current();
  WarpOperation operation;
  operation.kind = WarpOperation::Kind::kVote;
  operation.mask = mask;
  operation.value = predicate ? 1 : 0;
  operation.site = site;
  return static_cast<unsigned>(thread.warp().exchange(thread, operation));
}

std::uint64_t shuffle(Shuffle kind, unsigned mask, std::uint64_t value, unsigned bytes,
                      unsigned operand, unsigned width, const Site& site) {
  if (width == 0 || width > kWarpSize || (width & (width - 1)) != 0) {
    fail_here("the width of the shuffle at " + text_of(site) + " is " + std::to_string(width) +
              ", but must be a power of two up to 32");
  }
  Thread& thread = Thread::current();
  WarpOperation operation;
  operation.kind = operation_of(kind);
  operation.mask = mask;
  operation.value = value;
  operation.bytes = bytes;
  operation.source = source_of(kind, thread.lane(), operand, width);
  operation.site = site;
  return thread.warp().exchange(thread, operation);
}

}  // namespace retort::emulation
