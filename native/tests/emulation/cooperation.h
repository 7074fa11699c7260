// Where threads wait for each other or reach each other's memory: barriers, shuffles and votes
// under CUDA's own names; clusters, which CUDA keeps in a library and in PTX, under ours.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "diagnosis.h"

namespace retort::emulation {

// The block's dynamic shared memory.
unsigned char* dynamic_shared();

unsigned cluster_rank();
unsigned cluster_blocks();
void sync_cluster(Site site = Site::current());
// The address in block `rank` of the cluster that corresponds to `shared` in this block.
void* shared_of_block(void* shared, unsigned rank);

void sync_block(const Site& site);
void sync_warp(unsigned mask, const Site& site);
// The lanes of the mask whose predicate holds.
unsigned vote(unsigned mask, bool predicate, const Site& site);

enum class Shuffle { kIndex, kUp, kDown, kXor };
std::uint64_t shuffle(Shuffle kind, unsigned mask, std::uint64_t value, unsigned bytes,
                      unsigned operand, unsigned width, const Site& site);

template <typename T>
T shuffle(Shuffle kind, unsigned mask, T value, unsigned operand, unsigned width,
          const Site& site) {
  static_assert(std::is_arithmetic_v<T> && (sizeof(T) == 4 || sizeof(T) == 8),
                "a shuffle moves a number of 4 or 8 bytes");
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = shuffle(kind, mask, bits, sizeof value, operand, width, site);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace retort::emulation

// NOLINTBEGIN(bugprone-reserved-identifier): the names are CUDA's.

inline void __syncthreads(retort::emulation::Site site = retort::emulation::Site::current()) {
  retort::emulation::sync_block(site);
}

inline void __syncwarp(unsigned mask = 0xffffffff,
                       retort::emulation::Site site = retort::emulation::Site::current()) {
  retort::emulation::sync_warp(mask, site);
}

template <typename T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              retort::emulation::Site site = retort::emulation::Site::current()) {
  return retort::emulation::shuffle(retort::emulation::Shuffle::kIndex, mask, value,
                                    static_cast<unsigned>(source), static_cast<unsigned>(width),
                                    site);
}

template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                 retort::emulation::Site site = retort::emulation::Site::current()) {
  return retort::emulation::shuffle(retort::emulation::Shuffle::kUp, mask, value, delta,
                                    static_cast<unsigned>(width), site);
}

template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                   retort::emulation::Site site = retort::emulation::Site::current()) {
  return retort::emulation::shuffle(retort::emulation::Shuffle::kDown, mask, value, delta,
                                    static_cast<unsigned>(width), site);
}

template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32,
                  retort::emulation::Site site = retort::emulation::Site::current()) {
  return retort::emulation::shuffle(retort::emulation::Shuffle::kXor, mask, value,
                                    static_cast<unsigned>(lanes), static_cast<unsigned>(width),
                                    site);
}

inline unsigned __ballot_sync(unsigned mask, int predicate,
                              retort::emulation::Site site = retort::emulation::Site::current()) {
  return retort::emulation::vote(mask, predicate != 0, site);
}

inline int __any_sync(unsigned mask, int predicate,
                      retort::emulation::Site site = retort::emulation::Site::current()) {
  return retort::emulation::vote(mask, predicate != 0, site) != 0 ? 1 : 0;
}

inline int __all_sync(unsigned mask, int predicate,
                      retort::emulation::Site site = retort::emulation::Site::current()) {
  return retort::emulation::vote(mask, predicate != 0, site) == mask ? 1 : 0;
}

// NOLINTEND(bugprone-reserved-identifier)
