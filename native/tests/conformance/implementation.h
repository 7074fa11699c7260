// The implementation under test: the functions of the C interface and the memory they work on. One executable is
// linked with one implementation; nothing else in the suite knows where the functions run.
#pragma once

#include <cstddef>
#include <vector>

#include "retort/linear_distillation.h"
#include "retort/retort.h"
#include "retort/sparse_distillation.h"

namespace retort::conformance {

struct Implementation {
  const char* name;

  decltype(&retort_softmax) softmax;
  decltype(&retort_log_softmax) log_softmax;
  decltype(&retort_softmax_backward) softmax_backward;
  decltype(&retort_log_softmax_backward) log_softmax_backward;
  decltype(&retort_ensemble_mean) ensemble_mean;
  decltype(&retort_distillation_loss) distillation_loss;
  decltype(&retort_distillation_tangent) distillation_tangent;
  decltype(&retort_top_k) top_k;
  decltype(&retort_sparse_distillation_loss) sparse_distillation_loss;
  // Null where there is no matrix product to lend.
  decltype(&retort_linear_distillation_workspace) linear_distillation_workspace;
  decltype(&retort_linear_distillation) linear_distillation;
  // What linear distillation is lent, for the implementation's memory.
  retort_sgemm sgemm;
  decltype(&retort_last_error) last_error;

  // Memory that the functions may be given, aligned to 64 bytes.
  void* (*allocate)(size_t bytes);
  void (*release)(void* memory);
  // Copies from and to memory of the suite's own; `read` waits for the calls before it.
  void (*write)(void* to, const void* from, size_t bytes);
  void (*read)(void* to, const void* from, size_t bytes);

  // Zeros that take room only where they are touched; null where there is no such thing.
  void* (*reserve)(size_t bytes);
  void (*release_reserved)(void* memory, size_t bytes);

  // What may run the tasks; the results must not depend on it. The first is null.
  std::vector<const retort_executor*> executors;
};

const Implementation& implementation();

}  // namespace retort::conformance
