#include "fma_peak.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace retort::benchmark {
namespace {

constexpr int kChains =
    12;  // more than latency times units of any processor with these instructions
constexpr int64_t kIterations = 200000;

// Multiply-adds in one call: kIterations * kChains vectors of kFloats.
template <int kFloats>
struct Chains {
  typedef float Vector __attribute__((vector_size(kFloats * sizeof(float))));

  static inline __attribute__((always_inline)) float run() {
    Vector sum[kChains];
    volatile float start = 1;  // chains that start alike would be computed once
    for (int k = 0; k < kChains; ++k) sum[k] = Vector{} + start;
    Vector a = Vector{} + 0.999f, b = Vector{} + 0.001f;
    for (int64_t i = 0; i < kIterations; ++i) {
#pragma GCC unroll 12
      for (int k = 0; k < kChains; ++k) sum[k] = sum[k] * a + b;
    }
    for (int k = 1; k < kChains; ++k) sum[0] += sum[k];
    return reinterpret_cast<const float&>(sum[0]);
  }
};

#if defined(__x86_64__)
__attribute__((target("avx512f"))) float chains_avx512() { return Chains<16>::run(); }
__attribute__((target("avx2,fma"))) float chains_avx2() { return Chains<8>::run(); }
#endif
float chains_scalar() { return Chains<1>::run(); }

struct Run {
  float (*chains)();
  double flops;
};

Run of_instruction_set() {
  const double vectors = static_cast<double>(kIterations) * kChains * 2;
#if defined(__x86_64__)
  if (std::strcmp(retort_instruction_set(), "avx512") == 0) return {chains_avx512, vectors * 16};
  if (std::strcmp(retort_instruction_set(), "avx2") == 0) return {chains_avx2, vectors * 8};
#endif
  return {chains_scalar, vectors * 4};
}

}  // namespace

double fma_peak(const retort_executor* executor) {
  const Run run = of_instruction_set();
  double best = 0;
  for (int trial = 0; trial < 40; ++trial) {
    const auto start = std::chrono::steady_clock::now();
    executor->run(
        executor->context, executor->threads,
        [](void* argument, int64_t) {
          volatile float keep = static_cast<const Run*>(argument)->chains();
          (void)keep;
        },
        const_cast<Run*>(&run));
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    best = std::max(best, run.flops * executor->threads / elapsed.count() * 1e-9);
  }
  return best;
}

}  // namespace retort::benchmark
