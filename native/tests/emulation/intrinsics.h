// CUDA's functions of one thread: loads and stores with a cache hint (plain here, but held to their
// alignment), bits, rounding, and atomic additions and ors.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "diagnosis.h"

namespace retort::emulation {

template <typename T>
void check_alignment(const T* address, const char* access, const Site& site) {
  if (reinterpret_cast<std::uintptr_t>(address) % sizeof(T) != 0) {
    fail_here(std::string(access) + " at " + text_of(site) + " of " + std::to_string(sizeof(T)) +
              " bytes at an address that is no multiple of them");
  }
}

template <typename T>
T add_atomically(T* address, T value) {
  T old;
  __atomic_load(address, &old, __ATOMIC_RELAXED);
  for (;;) {
    T sum = old + value;
    if (__atomic_compare_exchange(address, &old, &sum, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      return old;
    }
  }
}

}  // namespace retort::emulation

// NOLINTBEGIN(bugprone-reserved-identifier): the names are CUDA's.

template <typename T>
T __ldcs(const T* address, retort::emulation::Site site = retort::emulation::Site::current()) {
  retort::emulation::check_alignment(address, "__ldcs", site);
  return *address;
}

template <typename T>
T __ldg(const T* address, retort::emulation::Site site = retort::emulation::Site::current()) {
  retort::emulation::check_alignment(address, "__ldg", site);
  return *address;
}

template <typename T>
void __stcs(T* address, const std::remove_cv_t<T>& value,
            retort::emulation::Site site = retort::emulation::Site::current()) {
  retort::emulation::check_alignment(address, "__stcs", site);
  *address = value;
}

inline unsigned __float_as_uint(float x) {
  unsigned bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

inline float __uint_as_float(unsigned bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

inline float __fmaf_rn(float x, float y, float z) { return std::fma(x, y, z); }
inline float __frcp_rn(float x) { return 1.0F / x; }

inline unsigned __funnelshift_r(unsigned lo, unsigned hi, unsigned shift) {
  return static_cast<unsigned>((std::uint64_t{hi} << 32 | lo) >> (shift & 31U));
}

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline int __ffs(int x) { return __builtin_ffs(x); }

// Unsigned, so that they wrap around as on the device.
inline int atomicAdd(int* address, int value) {
  return static_cast<int>(retort::emulation::add_atomically(reinterpret_cast<unsigned*>(address),
                                                            static_cast<unsigned>(value)));
}
inline unsigned atomicAdd(unsigned* address, unsigned value) {
  return retort::emulation::add_atomically(address, value);
}
inline unsigned long long atomicAdd(unsigned long long* address, unsigned long long value) {
  return retort::emulation::add_atomically(address, value);
}
inline float atomicAdd(float* address, float value) {
  return retort::emulation::add_atomically(address, value);
}
inline double atomicAdd(double* address, double value) {
  return retort::emulation::add_atomically(address, value);
}

inline unsigned atomicOr(unsigned* address, unsigned bits) {
  return __atomic_fetch_or(address, bits, __ATOMIC_RELAXED);
}

inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

// NOLINTEND(bugprone-reserved-identifier)
