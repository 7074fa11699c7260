// The library for the CPU, with the instruction set that RETORT_ISA names.
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "../network_testing.h"
#include "../testing.h"
#include "implementation.h"

namespace retort::conformance {
namespace {

constexpr size_t kAlignment = 64;

void* allocate(size_t bytes) {
  return std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
}

void copy(void* to, const void* from, size_t bytes) { std::memcpy(to, from, bytes); }

void* reserve(size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

void release_reserved(void* memory, size_t bytes) { munmap(memory, bytes); }

}  // namespace

const Implementation& implementation() {
  static const testing::Pool pools[] = {testing::make_pool(1), testing::make_pool(2),
                                        testing::make_pool(7)};
  static const Implementation cpu = {
      retort_instruction_set(),
      retort_softmax,
      retort_log_softmax,
      retort_softmax_backward,
      retort_log_softmax_backward,
      retort_ensemble_mean,
      retort_distillation_loss,
      retort_distillation_tangent,
      retort_top_k,
      retort_sparse_distillation_loss,
      retort_linear_distillation_workspace,
      retort_linear_distillation,
      testing::plain_sgemm,
      retort_last_error,
      allocate,
      std::free,
      copy,
      copy,
      reserve,
      release_reserved,
      {nullptr, retort_thread_pool_executor(pools[0].get()),
       retort_thread_pool_executor(pools[1].get()), retort_thread_pool_executor(pools[2].get())},
  };
  return cpu;
}

}  // namespace retort::conformance
