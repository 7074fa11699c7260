#include "launch.h"

#include "cluster.h"

namespace retort::emulation {
namespace {

constexpr std::size_t kThreadsOfBlock = 1024;
constexpr std::size_t kSharedBytes = 227 * 1024;
constexpr unsigned kBlocksOfCluster = 16;
constexpr dim3 kGrid(0x7fffffff, 65535, 65535);
constexpr dim3 kBlock(1024, 1024, 64);

std::string text_of(const dim3& size) { return emulation::text_of(uint3{size.x, size.y, size.z}); }

bool within(const dim3& size, const dim3& limit) {
  return size.x >= 1 && size.y >= 1 && size.z >= 1 && size.x <= limit.x && size.y <= limit.y &&
         size.z <= limit.z;
}

void require(bool met, const std::string& text) {
  if (!met) throw Error("launch: " + text);
}

}  // namespace

void check(const Launch& launch) {
  require(within(launch.grid, kGrid), "a grid of " + text_of(launch.grid) + " blocks");
  require(within(launch.block, kBlock) && count_of(launch.block) <= kThreadsOfBlock,
          "a block of " + text_of(launch.block) + " threads, but it has 1 to 1024");
  require(launch.cluster >= 1 && launch.cluster <= kBlocksOfCluster,
          "a cluster of " + std::to_string(launch.cluster) + " blocks, but it has 1 to 16");
  require(launch.grid.x % launch.cluster == 0, "a grid of " + text_of(launch.grid) +
                                                   " blocks is not made of clusters of " +
                                                   std::to_string(launch.cluster));
  require(launch.shared_bytes <= kSharedBytes,
          std::to_string(launch.shared_bytes) +
              " bytes of shared memory, but a block has at most 232448");
}

void run(const Launch& launch, void (*call)(const void* arguments), const void* arguments) {
  check(launch);
  if (here != nullptr) throw Error("launch: called by a kernel");
  const Order order = emulation::order();
  Schedule schedule(order, launch);
  Cluster cluster(launch, {call, arguments}, schedule);
  const std::size_t clusters = count_of(launch.grid) / launch.cluster;
  try {
    for (const unsigned index : schedule.sequence(static_cast<unsigned>(clusters))) {
      cluster.run(index);
    }
  } catch (const Error& error) {
    throw Error(std::string(error.what()) + " [order " + order.name() + "]");
  }
}

}  // namespace retort::emulation
