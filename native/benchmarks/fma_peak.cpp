#include "fma_peak.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace retort::benchmark {
namespace {

constexpr int kChains =
    12;  // more than latency times units of any processor with these instructions
constexpr int64_t kIterations = 200000;
// Long enough for the scheduler to give every thread a core of its own.
constexpr std::chrono::milliseconds kBudget{1000};

// kIterations * kChains vectors of multiply-adds. A macro, because a template's vectors are cut down to
// those of the file's own instruction set before it is inlined into a function of a wider one.
#define RETORT_CHAINS(name, floats, ...)                                                      \
  __VA_ARGS__ float name() {                                                                  \
    typedef float Vector __attribute__((vector_size(floats * sizeof(float))));                \
    Vector sum[kChains];                                                                      \
    volatile float start = 1; /* equal chains would be computed once */                       \
    for (int k = 0; k < kChains; ++k) sum[k] = Vector{} + start;                              \
    const Vector a = Vector{} + 0.999f, b = Vector{} + 0.001f;                                \
    for (int64_t i = 0; i < kIterations; ++i) {                                               \
      _Pragma("GCC unroll 12") for (int k = 0; k < kChains; ++k) { sum[k] = sum[k] * a + b; } \
    }                                                                                         \
    for (int k = 1; k < kChains; ++k) sum[0] += sum[k];                                       \
    return sum[0][0];                                                                         \
  }

#if defined(__x86_64__)
RETORT_CHAINS(chains_avx512, 16, __attribute__((target("avx512f"))))
RETORT_CHAINS(chains_avx2, 8, __attribute__((target("avx2,fma"))))
#endif
// What the compiler may use without being told more is four floats wide on every 64-bit processor.
RETORT_CHAINS(chains_scalar, 4, )

#undef RETORT_CHAINS

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
  const auto first = std::chrono::steady_clock::now();
  for (auto start = first; start - first < kBudget; start = std::chrono::steady_clock::now()) {
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
